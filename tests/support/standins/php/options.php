<?php
// What the page leaves open, as one array. A dialect and a breakage change some of it.

/** The plain service: json_encode, DOMDocument and fputcsv as they come. */
function plain(): array
{
    return [
        // The request.
        'read' => fn() => $_REQUEST,
        'refused' => fn() => [],
        'http_methods' => [],
        'missing' => fn($names, $p) => array_filter($names, fn($name) => !isset($p[$name]) || $p[$name] === ''),
        'default_source' => '',
        'credentials_first' => false,
        'unknown_format' => 'error',
        'phone_invalid' => 'error',
        'id_invalid' => 'unknown',
        'authorised' => fn($accounts, $login, $token, $method) => hash_equals($accounts[$login] ?? '', $token),
        'not_found' => 'error',
        // Tasks and units.
        'new_id' => fn($store, $p) => 5001 + count($store->tasks),
        'cost' => fn($found) => max(1, is_array($found) ? count($found) : 1),
        'charge' => fn($cost) => $cost,
        'polled' => fn($store, $task) => null,
        'may_read' => fn($task, $login) => $task['login'] === $login,
        'unknown' => fn($task) => throw new Refused('unknown-task'),
        'is_ready' => fn($task, $seconds) => microtime(true) >= $task['made'] + $seconds,
        // Values.
        'sections' => 'all',
        'no_photo' => '',
        'cost_text' => fn($cost) => (string) $cost,
        'time' => fn($moment) => $moment,
        'found' => fn($found, $task) => $found,
        'row' => fn($row) => $row,
        'info_list' => false,
        'answer' => [],
        // Errors.
        'codes' => [
            'missing' => 400,
            'invalid' => 422,
            'credentials' => 403,
            'unknown-task' => 404,
            'limit' => 402,
            'unknown-method' => 406,
            'http-method' => 405,
        ],
        'messages' => [
            'missing' => 'Not set param(s) {names}',
            'invalid' => 'Неверный параметр: {names}',
            'credentials' => 'Неверный логин или ключ',
            'unknown-task' => 'Задание не найдено',
            'limit' => 'Исчерпан суточный лимит (daily limit): {used} из {of}',
            'unknown-method' => 'Неизвестный метод',
            'http-method' => 'Только GET и POST',
        ],
        'errors_follow' => fn($kind) => true,
        'info_follows' => true,
        'http_status' => fn($what, $answer) => 200,
        // Bytes.
        'types' => [
            'json' => 'application/json; charset=utf-8',
            'xml' => 'text/xml; charset=utf-8',
            'csv' => 'text/csv; charset=utf-8',
        ],
        'json' => fn($answer) => json_encode($answer),
        'xml' => fn($answer) => xml_dom($answer),
        'csv' => fn($answer, $section) => csv_put(csv_table($answer, $section)),
        'body' => [],
    ];
}

/** The options of a dialect with a breakage; `-` is no breakage. */
function options(string $dialect, string $breakage): array
{
    $options = plain();
    foreach ([dialects()[$dialect], $breakage === '-' ? [] : breakages()[$breakage]] as $change) {
        foreach ($change as $name => $value) {
            // Edits are made one after the other; everything else is replaced.
            $options[$name] = in_array($name, ['answer', 'body'], true) ? [...$options[$name], ...$value] : $value;
        }
    }
    return $options;
}
