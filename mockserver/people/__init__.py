"""What a phone has: made-up people, their words and pictures, and the magic phones."""
