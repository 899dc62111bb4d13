<?php
// Ways to break a promise or a law that are PHP's own, or that PHP programmers are prone to.

/** Every breakage by its name. */
function breakages(): array
{
    return broken_bodies() + broken_charsets() + broken_xml() + broken_csv() + broken_types() + broken_texts()
        + broken_tasks() + broken_calls();
}

/** An edit of ready answers in JSON alone. */
function in_ready_json(callable $edit): array
{
    return ['json' => fn($answer, $section) => json_encode($section === null ? $answer : $edit($answer))];
}

/** An edit of the bodies of ready answers in one format. */
function in_ready_body(string $format, callable $edit): array
{
    $plain = plain()[$format];
    return [$format => function ($answer, $section) use ($plain, $edit) {
        $body = $plain($answer, $section);
        return $section === null ? $body : $edit($body);
    }];
}

/** A change of every text of an answer. */
function every_text(mixed $value, callable $change): mixed
{
    if (is_array($value)) {
        return array_map(fn($member) => every_text($member, $change), $value);
    }
    return is_string($value) ? $change($value) : $value;
}

/** A change of every text in ready answers that are written in one format alone. */
function texts_of(string $format, callable $change): array
{
    $plain = plain()[$format];
    return [$format => fn($answer, $section) => $plain(
        $section === null ? $answer : ['status' => 'ready'] + every_text($answer, $change),
        $section,
    )];
}

/** Answers in a format are written while PHP shows its messages; `$fault` is what it has to say. */
function shown(string $format, callable $fault, bool $html = false): array
{
    $plain = plain()[$format];
    return [$format => function ($answer, $section) use ($plain, $fault, $html) {
        ini_set('display_errors', '1');
        ini_set('html_errors', $html ? '1' : '0');
        $fault($answer);
        return $plain($answer, $section);
    }];
}

/** Text that PHP shows, or that a programmer left behind. */
function broken_bodies(): array
{
    return [
        'warning-first' => shown('json', fn($answer) => $answer['no_such_key']),
        'warning-first-html' => shown('json', fn($answer) => $answer['no_such_key'], true),
        'deprecated-first-xml' => shown('xml', fn($answer) => strlen($answer['no_such_key'] ?? null)),
        'notice-first-csv' => shown('csv', fn() => iconv('UTF-8', 'CP1251', "\u{1F600}")),
        'warning-in-ready' => shown('json', fn($answer) => $answer['status'] === 'ready' ? $answer['no_such_key'] : ''),
        'fatal-with-200' => shown('xml', fn($answer) => $answer['status'] === 'ready' ? no_such_function() : ''),
        'fatal-with-200-csv' => shown('csv', fn($answer) => $answer['status'] === 'ready' ? no_such_function() : ''),
        'fatal-with-500' => in_ready_body('xml', fn() => no_such_function()),
        'page-with-500' => [
            'unknown' => function () {
                http_response_code(500);
                header('Content-Type: text/html');
                exit('<html><head><title>Whoops, looks like something went wrong.</title></head></html>');
            },
        ],
        'access-denied' => ['csv' => fn() => 'Access denied'],
        'database-down-csv' => ['csv' => fn() => 'SQLSTATE[HY000] [2002] Connection refused'],
        'dump-last' => body_of('json', function ($json) {
            ob_start();
            var_dump(json_decode($json, true));
            return $json . ob_get_clean();
        }),
        'print-r-in-place' => ['json' => fn($answer) => print_r($answer, true)],
        'serialized' => ['json' => fn($answer) => serialize($answer)],
        'bom-first' => body_of('json', fn($json) => "\xEF\xBB\xBF$json"),
        'ended-early-json' => in_ready_body('json', fn($json) => substr($json, 0, -20)),
        'ended-early-xml' => in_ready_body('xml', fn($xml) => substr($xml, 0, -40)),
        'blank-before-declaration' => body_of('xml', fn($xml) => "\n$xml"),
        'comma-last' => ['json' => fn($answer) => json_by_hand($answer, ',')],
        'json-whatever-format' => ['xml' => fn($answer) => json_encode($answer)],
        'login-page-csv' => ['csv' => fn() => "<!DOCTYPE html>\n<html><body><form>login</form></body></html>"],
        'twice' => body_of('json', fn($json) => $json . $json),
    ];
}

function broken_charsets(): array
{
    $latin = fn($text) => mb_convert_encoding($text, 'UTF-8', 'ISO-8859-1');
    $windows = fn($text) => mb_convert_encoding($text, 'UTF-8', 'Windows-1251');
    return [
        'cp1251-in-json' => ['json' => fn($answer) => mb_convert_encoding(
            json_encode($answer, JSON_UNESCAPED_UNICODE),
            'Windows-1251',
            'UTF-8',
        )],
        'cp1251-in-xml' => body_of('xml', fn($xml) => mb_convert_encoding($xml, 'Windows-1251', 'UTF-8')),
        'nothing-for-bad-utf-8' => field('title', fn($title) => substr($title, 0, 7)),
        'null-for-bad-utf-8' => flags(JSON_PARTIAL_OUTPUT_ON_ERROR)
            + field('title', fn($title) => substr($title, 0, 7)),
        'encoded-twice-xml' => texts_of('xml', $latin),
        'encoded-twice-csv' => texts_of('csv', $latin),
        'encoded-twice-json' => texts_of('json', $windows),
        'question-marks-xml' => texts_of('xml', fn($text) => mb_convert_encoding($text, 'ASCII', 'UTF-8')),
        'iconv-gives-up' => body_of('csv', fn($csv) => (string) @iconv('UTF-8', 'CP1251', $csv)),
        'cut-by-bytes-csv' => texts_of('csv', fn($text) => mb_strcut($text, 0, 20)),
    ];
}

function broken_xml(): array
{
    return [
        'ampersand-bare' => ['xml' => fn($answer) => xml_by_hand($answer, fn($text) => $text)],
        'ampersand-cut' => ['xml' => function ($answer) {
            $xml = new SimpleXMLElement('<?xml version="1.0" encoding="UTF-8"?><response/>');
            $grow = function (SimpleXMLElement $parent, array $members) use (&$grow): void {
                foreach ($members as $name => $value) {
                    $name = is_int($name) ? 'item' : $name;
                    if (is_array($value)) {
                        $grow($parent->addChild($name), $value);
                    } else {
                        @$parent->addChild($name, (string) $value);
                    }
                }
            };
            $grow($xml, $answer);
            return $xml->asXML();
        }],
        'control-character' => field('title', fn($title) => "\x0B$title") + [
            'xml' => fn($answer) => xml_by_hand($answer),
        ],
        'escaped-twice' => texts_of('xml', fn($text) => htmlspecialchars($text)),
        'entities-of-html' => ['xml' => fn($answer) => xml_by_hand($answer, fn($text) => htmlentities($text))],
        'cdata-ended-within' => ['xml' => fn($answer) => xml_by_hand($answer, fn($text) => "<![CDATA[$text]]>")],
        'last-row-only' => ['xml' => function ($answer, $section) {
            if (is_array($answer[$section] ?? null)) {
                $answer[$section] = array_slice($answer[$section], -1);
            }
            return xml_dom($answer);
        }],
        'numbers-as-names' => ['xml' => fn($answer) => xml_by_hand_numbered($answer)],
        'tags-stripped-xml' => texts_of('xml', fn($text) => strip_tags($text)),
        'no-id-in-xml' => ['xml' => fn($answer) => xml_dom(array_diff_key($answer, ['id' => 0]))],
    ];
}

/** By hand, with an entry's number for its name: `<0>`. */
function xml_by_hand_numbered(array $answer): string
{
    $glue = function (array $members) use (&$glue): string {
        $xml = '';
        foreach ($members as $name => $value) {
            $xml .= "<$name>" . (is_array($value) ? $glue($value) : htmlspecialchars((string) $value)) . "</$name>";
        }
        return $xml;
    };
    return '<?xml version="1.0" encoding="UTF-8"?><response>' . $glue($answer) . '</response>';
}

function broken_csv(): array
{
    $bare = fn($value) => (string) $value;
    return [
        'line-break-bare' => joined([], ';', "\r\n", fn($value) => str_replace(';', ',', (string) $value)),
        'delimiter-bare' => joined([], ',', "\r\n", fn($value) => str_replace(["\r", "\n"], ' ', (string) $value)),
        'nothing-quoted' => joined([], ';', "\n", $bare),
        'quotes-not-doubled' => joined([], ',', "\n", fn($value) => "\"$value\""),
        'row-lost' => ['csv' => function ($answer, $section) {
            [$names, $lines] = csv_table($answer, $section);
            return csv_put([$names, $section === null || $section === 'photo' ? $lines : array_slice($lines, 1)]);
        }],
        'rows-of-no-line-breaks' => in_ready_body('csv', fn($csv) => implode("\n", array_filter(
            explode("\n", $csv),
            fn($line) => substr_count($line, '"') % 2 === 0,
        )) . "\n"),
        'ended-early-csv' => in_ready_body('csv', fn($csv) => substr($csv, 0, (int) (strlen($csv) * 0.6))),
        'columns-shifted' => ['csv' => function ($answer, $section) {
            [$names, $lines] = csv_table($answer, $section);
            $shift = fn($line) => [...array_slice($line, 1), $line[0]];
            return csv_put([$names, $section === 'data' ? array_map($shift, $lines) : $lines]);
        }],
        'tags-stripped-csv' => texts_of('csv', fn($text) => strip_tags($text)),
        'price-formatted-csv' => texts_of('csv', fn($text) => $text === '4500' ? number_format(4500) : $text),
        'columns-lost' => ['csv' => function ($answer, $section) {
            $few = fn($row) => array_diff_key($row, ['location' => 0, 'url' => 0]);
            return csv_put(csv_table($answer, $section, ['columns' => $few]));
        }],
    ];
}

function broken_types(): array
{
    $text = fn($value) => (string) $value;
    $of_rows = fn($change) => fn($data) => $data ? $change($data) : $data;
    return [
        'id-text' => member('id', $text, 'created'),
        'id-float' => ['new_id' => fn() => 1.0E+25 + random_int(0, 9) * 1.0E+20],
        'id-null' => member('id', fn() => null, 'created'),
        'code-text' => member('error_code', $text, 'error'),
        'cost-number' => ['cost_text' => fn($cost) => $cost],
        'cost-nothing' => ['cost' => fn($found) => 0, 'charge' => fn() => 1],
        'cost-empty' => ['cost_text' => fn() => ''],
        'cost-in-words' => ['cost_text' => fn($cost) => "$cost ед."],
        'numbers-checked' => flags(JSON_NUMERIC_CHECK),
        'status-true' => member('status', fn() => true, 'created'),
        'status-1' => member('status', fn() => 1),
        'list-as-object' => in_ready_json(fn($answer) => array_replace($answer, [
            'data' => array_filter([null, ...$answer['data']]),
        ])),
        'objects-forced' => flags(JSON_FORCE_OBJECT),
        'nothing-as-list' => in_answers('processing', fn() => []),
        'null-as-section' => member('data', $of_rows(fn() => null)),
        'null-as-row' => in_ready_json(fn($answer) => array_replace($answer, [
            'data' => $answer['data'] ? [null, ...$answer['data']] : [],
        ])),
        'null-in-rows' => ['row' => fn($row) => array_map(fn($text) => $text === '' ? null : $text, $row)],
        'empty-left-out' => ['row' => fn($row) => array_filter($row)],
        'price-number' => field('price', intval(...)),
        'rows-as-json' => in_ready_json(fn($answer) => array_map(
            fn($value) => is_array($value) ? json_encode($value) : $value,
            $answer,
        )),
        'rows-numbered' => in_ready_json(fn($answer) => array_replace($answer, [
            'data' => array_map(array_values(...), $answer['data']),
        ])),
        'names-null' => member('names', fn($names) => array_map(fn() => ['name' => null], $names)),
        'names-plain' => in_ready_json(fn($answer) => array_replace($answer, [
            'names' => array_column($answer['names'], 'name'),
        ])),
        'ip-number' => member('ip', ip2long(...)),
        'ip-empty' => member('ip', fn() => $_SERVER['HTTP_X_FORWARDED_FOR'] ?? ''),
        'no-end-time' => in_answers('ready', fn($answer) => array_diff_key($answer, ['end_time' => 0])),
        'error-in-words' => in_answers('error', fn($answer) => ['error' => $answer['message']]),
        'error-without-message' => in_answers('error', fn($answer) => array_diff_key($answer, ['message' => 0])),
        'photo-data-uri' => member('photo', fn($photo) => $photo ? "data:image/png;base64,$photo" : ''),
        'photo-pluses-lost' => member('photo', urldecode(...)),
        'photo-cut' => member('photo', fn($photo) => substr($photo, 0, 60)),
        'photo-address' => member('photo', fn($photo) => $photo ? 'https://example.com/photos/1.png' : ''),
        'photo-twice' => member('photo', base64_encode(...)),
    ];
}

function broken_texts(): array
{
    return [
        'html-in-json' => texts_of('json', fn($text) => htmlspecialchars($text)),
        'slashes-in-json' => texts_of('json', fn($text) => addslashes($text)),
        'breaks-in-json' => texts_of('json', fn($text) => nl2br($text)),
        'phone-of-32-bits' => field('phone', fn($phone) => (string) min((int) $phone, 2147483647)),
        'phone-hidden' => field('phone', fn($phone) => substr($phone, 0, 4) . '***'),
        'ends-before-it-begins' => member('create_time', fn($moment) => $moment + 3600),
        'ends-at-0' => member('end_time', fn() => 0),
        'ends-in-another-zone' => in_answers('ready', fn($answer) => array_replace($answer, [
            'create_time' => date('Y-m-d H:i:s', $answer['create_time']),
            'end_time' => gmdate('Y-m-d H:i:s', $answer['end_time']),
        ])),
        'token-in-error' => in_answers('error', fn($answer, $p) => array_replace($answer, [
            'message' => "$answer[message] (" . ($p['token'] ?? '') . ')',
        ])),
        'request-in-error' => in_answers('error', fn($answer, $p) => $answer + ['request' => http_build_query($p)]),
        'trace-in-error' => in_answers('error', fn($answer, $p) => $answer + [
            'trace' => "#0 api.php(17): find('" . implode("', '", $p) . "')",
        ]),
        'missing-in-another-order' => ['missing' => fn($names, $p) => array_filter(
            array_reverse($names),
            fn($name) => !isset($p[$name]),
        )],
        'missing-in-other-words' => ['messages' => ['missing' => 'Не указан параметр: {names}'] + plain()['messages']],
    ];
}

function broken_tasks(): array
{
    return [
        'id-of-the-phone' => ['new_id' => fn($store, $p) => crc32($p['phone'] . $p['source']) % 3 + 1],
        'id-always-1' => ['new_id' => fn() => 1],
        'foreign-read' => ['may_read' => fn() => true],
        'unknown-ready' => ['unknown' => fn() => ['ready', [
            'status' => 'ready',
            'data' => [],
            'names' => [],
            'photo' => '',
            'cost' => '1',
            'ip' => $_SERVER['REMOTE_ADDR'],
            'create_time' => time(),
            'end_time' => time(),
        ], 'data']],
        'ready-goes-back' => ['is_ready' => fn($task, $seconds) => plain()['is_ready']($task, $seconds)
            && $task['reads'] % 3 !== 2],
        'never-ready' => ['is_ready' => fn() => false],
        'names-shuffled' => ['found' => fn($found, $task) => is_array($found) ? reordered($found, $task['reads']) : $found],
        'time-of-the-read' => member('end_time', fn($moment) => $moment + hrtime(true) % 9973),
        'polls-charged' => ['polled' => fn($store, $task) => $store->charge($task['login'], 1)],
        'nothing-charged' => ['charge' => fn() => 0],
    ];
}

/** An order that differs from read to read, like that of ORDER BY RAND(). */
function reordered(array $found, int $read): array
{
    $turned = [...array_slice($found, $read % 3), ...array_slice($found, 0, $read % 3)];
    return $read % 6 < 3 ? $turned : array_reverse($turned);
}

function broken_calls(): array
{
    return [
        'source-not-required' => [
            'missing' => fn($names, $p) => array_diff(plain()['missing']($names, $p), ['source']),
            'default_source' => '2',
        ],
        'id-not-required' => ['read' => fn() => $_REQUEST + ['id' => '5001']],
        'get-alone' => ['read' => fn() => $_GET],
        'any-token' => ['authorised' => fn($accounts, $login) => isset($accounts[$login])],
        'any-known-token' => ['authorised' => fn($accounts, $login, $token) => isset($accounts[$login])
            && in_array($token, $accounts)],
        'token-compared-loosely' => ['authorised' => fn($accounts, $login, $token) => isset($accounts[$login])
            && !strncmp($accounts[$login], $token, (int) $token)],
        'result-without-token' => ['authorised' => fn($accounts, $login, $token, $method) => $method === 'result'
            || hash_equals($accounts[$login] ?? '', $token)],
        'xml-by-default' => ['read' => fn() => $_REQUEST + ['format' => 'xml']],
        'viber-gone' => ['read' => function () {
            if (($_REQUEST['source'] ?? '') === '4') {
                $_REQUEST['source'] = 'none';
            }
            return $_REQUEST;
        }],
    ];
}
