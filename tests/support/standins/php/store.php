<?php
// Accounts and tasks in a JSON file, which is locked while a call is answered. Who starts the server writes `settings`:
// accounts (tokens by login), limit (units a day), seconds (that a task takes).

class Store
{
    public array $settings;
    public array $used;
    public array $tasks;
    public int $charged;
    private $file;

    public function __construct(string $path)
    {
        $this->file = fopen($path, 'r+');
        flock($this->file, LOCK_EX);
        $state = json_decode(stream_get_contents($this->file), true);
        $this->settings = $state['settings'];
        $this->used = $state['used'] ?? [];
        $this->tasks = $state['tasks'] ?? [];
        $this->charged = $state['charged'] ?? 0;
    }

    /** Units that the account has used today, Moscow time. */
    public function used(string $login): int
    {
        return $this->used[$login][date('Y-m-d')] ?? 0;
    }

    public function charge(string $login, int $units): void
    {
        $this->used[$login][date('Y-m-d')] = $this->used($login) + $units;
        $this->charged += $units;
    }

    public function close(): void
    {
        $state = [
            'settings' => $this->settings,
            'used' => $this->used,
            'tasks' => $this->tasks,
            'charged' => $this->charged,
        ];
        rewind($this->file);
        ftruncate($this->file, 0);
        fwrite($this->file, json_encode($state));
        fflush($this->file);
        flock($this->file, LOCK_UN);
        fclose($this->file);
    }
}
