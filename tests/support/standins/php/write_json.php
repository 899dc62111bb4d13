<?php
// JSON. Most dialects call json_encode themselves; these are the other ways.

/** Glued together by hand, as before json_encode was usual. `$last` stands after the last member or entry. */
function json_by_hand(mixed $value, string $last = ''): string
{
    if (!is_array($value)) {
        return json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    }
    $parts = [];
    foreach ($value as $name => $member) {
        $parts[] = (is_int($name) ? '' : "\"$name\": ") . json_by_hand($member, $last);
    }
    $inner = implode(', ', $parts) . ($parts ? $last : '');
    return array_is_list($value) ? "[$inner]" : "{{$inner}}";
}
