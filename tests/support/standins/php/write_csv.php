<?php
// CSV: first a table, then its lines by fputcsv or by implode.

/**
 * The table of an answer: the line of names (null: none) and the lines below it. Options: rows (what stands beside
 * rows: `section` nothing, `with-task` the members of the task on each, `json` all in one line), flat (`row` or
 * `pairs`), path (how a member of an object is named, see path_name), header, columns (a function of a row).
 */
function csv_table(array $answer, ?string $section, array $o = []): array
{
    $o += ['rows' => 'section', 'flat' => 'row', 'path' => 'dotted', 'header' => true, 'columns' => fn($row) => $row];
    $cells = csv_cells($answer, $section, $o);
    if ($o['rows'] !== 'json' && ($section === 'data' || $section === 'names')) {
        $rows = $answer[$section] ?: [array_fill_keys($section === 'data' ? FIELDS : ['name'], '')];
        $task = $o['rows'] === 'with-task' ? $cells : [];
        $lines = array_map(fn($row) => $task + ($o['columns'])($row), $rows);
        $names = $o['header'] ? array_keys($lines[0]) : null;
        $cells = fn($line) => array_map(fn($v) => is_array($v) ? implode(', ', $v) : $v, array_values($line));
        return [$names, $answer[$section] ? array_map($cells, $lines) : []];
    }
    if ($o['flat'] === 'pairs') {
        return [null, array_map(null, array_keys($cells), array_values($cells))];
    }
    return [$o['header'] ? array_keys($cells) : null, [array_values($cells)]];
}

/** An answer without its rows, as names and cells. */
function csv_cells(array $answer, ?string $section, array $o): array
{
    $cells = [];
    foreach ($answer as $name => $value) {
        if (!is_array($value)) {
            $cells[$name] = $value;
        } elseif ($o['rows'] === 'json' || ($o['path'] === 'json' && $section === null)) {
            $cells[$name] = json_encode($value, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
        } elseif ($section === null || !in_array($name, ['data', 'names'], true)) {
            $cells += flattened($name, $value, $o['path']);
        }
    }
    return $cells;
}

function flattened(string $name, array $members, string $path): array
{
    $cells = [];
    foreach ($members as $key => $value) {
        $inner = path_name($name, $key, $path);
        $cells += is_array($value) ? flattened($inner, $value, $path) : [$inner => $value];
    }
    return $cells;
}

function path_name(string $name, string|int $key, string $path): string
{
    return match ($path) {
        'leaf' => (string) $key,
        'underscore' => "{$name}_$key",
        'slash' => "$name/$key",
        'brackets' => "{$name}[$key]",
        default => "$name.$key",
    };
}

/** By fputcsv, whose escape character is switched off: it makes quotes that no other program can read. */
function csv_put(array $table, string $delimiter = ',', string $eol = "\n", string $escape = ''): string
{
    $file = fopen('php://memory', 'r+');
    foreach ([...($table[0] === null ? [] : [$table[0]]), ...$table[1]] as $line) {
        fputcsv($file, $line, $delimiter, '"', $escape, $eol);
    }
    rewind($file);
    return stream_get_contents($file);
}

/** By implode; `$cell` quotes. */
function csv_join(array $table, string $delimiter = ';', string $eol = "\r\n", ?callable $cell = null): string
{
    $cell ??= fn($value) => '"' . str_replace('"', '""', (string) $value) . '"';
    $csv = '';
    foreach ([...($table[0] === null ? [] : [$table[0]]), ...$table[1]] as $line) {
        $csv .= implode($delimiter, array_map($cell, $line)) . $eol;
    }
    return $csv;
}

/** Quotes where RFC 4180 asks for it. */
function quoted_as_needed(mixed $value, string $delimiter = ','): string
{
    $text = (string) $value;
    return strpbrk($text, "\"\r\n$delimiter") === false ? $text : '"' . str_replace('"', '""', $text) . '"';
}
