<?php
// Right servers: what each changes of the plain service. The page promises none of it, so that none breaks a promise.

/** Every dialect by its name. */
function dialects(): array
{
    return ['plain' => []] + xml_dialects() + csv_dialects() + json_dialects() + value_dialects() + call_dialects()
        + usual_apps();
}

/** A root's attributes, set when the document is whole. */
function on_root(array $attributes): callable
{
    return function (DOMDocument $document) use ($attributes): void {
        foreach ($attributes as $name => $value) {
            $document->documentElement->setAttribute($name, $value);
        }
    };
}

function xml_dialects(): array
{
    $declared = '<?xml version="1.0" encoding="UTF-8"?><response></response>';
    return [
        // Names.
        'xml-item0' => ['xml' => fn($answer) => xml_simple($answer)],
        'xml-item1' => ['xml' => fn($answer) => xml_simple($answer, $declared, 1)],
        'xml-row0' => dom(['item' => fn($list, $number) => "row_$number"]),
        'xml-root-data' => dom(['root' => 'data']),
        'xml-singular' => dom(['item' => 'row', 'singular' => true]),
        'xml-singular-entries' => dom([
            'item' => fn($list) => ['data' => 'row', 'names' => 'name'][$list] ?? 'item',
        ]),
        'xml-repeated' => dom(['repeated' => true]),
        'xml-capitals' => ['xml' => fn($answer) => xml_renamed($answer, ucfirst(...), 'Response')],
        'xml-prefix' => ['xml' => fn($answer) => xml_renamed(
            $answer,
            fn($name) => "api:$name",
            'api:response xmlns:api="urn:example:search"',
        )],
        'xml-wrapped' => ['xml' => fn($answer) => xml_dom(['result' => $answer])],
        'xml-json-lists' => ['xml' => fn($answer) => xml_dom(array_map(
            fn($value) => is_array($value) ? json_encode($value, JSON_UNESCAPED_UNICODE) : $value,
            $answer,
        ))],
        'xml-numbered-repeated' => dom(['item' => fn($list, $number) => "$list$number"]),
        // Attributes, names of elements, what stands around the root.
        'xml-keys' => dom(['each' => function ($element, $value, $number) {
            if ($number !== null) {
                $element->setAttribute('key', (string) $number);
            }
        }]),
        'xml-types' => dom(['each' => function ($element, $value) {
            $element->setAttribute('type', is_array($value) ? 'array' : gettype($value));
        }]),
        'xml-count' => dom(['each' => function ($element, $value) {
            if (is_array($value)) {
                $element->setAttribute('count', (string) count($value));
            }
        }]),
        'xml-version' => dom(['finish' => on_root(['version' => '1.0'])]),
        'xml-namespace' => dom(['finish' => on_root(['xmlns' => 'urn:example:search'])]),
        'xml-schema-location' => dom(['finish' => on_root([
            'xmlns:xsi' => 'http://www.w3.org/2001/XMLSchema-instance',
            'xsi:noNamespaceSchemaLocation' => 'response.xsd',
        ])]),
        'xml-doctype' => dom(['doctype' => true]),
        'xml-standalone' => dom(['finish' => fn($document) => $document->xmlStandalone = true]),
        'xml-stylesheet' => dom(['finish' => fn($document) => $document->insertBefore(
            $document->createProcessingInstruction('xml-stylesheet', 'type="text/xsl" href="/view.xsl"'),
            $document->documentElement,
        )]),
        'xml-comment' => dom(['finish' => fn($document) => $document->appendChild(
            $document->createComment(' made in 0.0021 s '),
        )]),
        'xml-attributes' => ['xml' => fn($answer) => xml_attributes($answer)],
        'xml-row-attributes' => ['xml' => fn($answer) => xml_row_attributes($answer)],
        'xml-fields' => ['xml' => fn($answer) => xml_fields($answer)],
        // Texts.
        'xml-cdata' => dom(['cdata' => true]),
        'xml-cdata-all' => ['xml' => fn($answer) => xml_by_hand(
            $answer,
            fn($text) => '<![CDATA[' . str_replace(']]>', ']]]]><![CDATA[>', $text) . ']]>',
        )],
        'xml-cdata-texts' => dom(['cdata' => true]) + field('phone', intval(...)),
        'xml-nil' => ['no_photo' => null, 'sections' => 'null'] + dom(['nil' => true, 'finish' => on_root([
            'xmlns:xsi' => 'http://www.w3.org/2001/XMLSchema-instance',
        ])]),
        'xml-null' => ['no_photo' => null, 'sections' => 'null'],
        'xml-by-hand' => ['xml' => fn($answer) => xml_by_hand($answer)],
        'xml-quotes' => ['xml' => fn($answer) => xml_by_hand($answer, fn($text) => htmlspecialchars($text))],
        'xml-around' => ['xml' => fn($answer) => xml_by_hand($answer, null, "\n    ")],
        // White space, charsets, declarations.
        'xml-indented' => dom(['format' => true]),
        'xml-indented-cdata' => dom(['format' => true, 'cdata' => true]),
        'xml-writer' => ['xml' => fn($answer) => xml_writer($answer)],
        'xml-writer-4' => ['xml' => fn($answer) => xml_writer($answer, '    ')],
        'xml-writer-tab' => ['xml' => fn($answer) => xml_writer($answer, "\t")],
        'xml-writer-flat' => ['xml' => fn($answer) => xml_writer($answer, null)],
        'xml-bom' => body_of('xml', fn($xml) => "\xEF\xBB\xBF$xml"),
        'xml-utf8' => dom(['encoding' => 'utf8']),
        'xml-utf-8' => dom(['encoding' => 'utf-8']),
        'xml-cp1251' => dom(['encoding' => 'windows-1251']) + typed('xml', 'text/xml; charset=windows-1251'),
        'xml-koi8-r' => dom(['encoding' => 'KOI8-R']) + typed('xml', 'text/xml; charset=koi8-r'),
        'xml-utf-16' => dom(['encoding' => 'UTF-16']) + typed('xml', 'application/xml'),
        'xml-references' => dom(['encoding' => null]),
        'xml-undeclared' => body_of('xml', fn($xml) => preg_replace('/^<\?xml.*?\?>\s*/', '', $xml)),
        'xml-1.1' => body_of('xml', fn($xml) => str_replace('version="1.0"', 'version="1.1"', $xml)),
        'xml-single-quotes' => body_of('xml', fn($xml) => preg_replace('/"(?=.*\?>)/', "'", $xml)),
        'xml-many-lines' => body_of('xml', fn($xml) => "$xml\n\n"),
    ];
}

/** CSV in windows-1251, where what the charset lacks is written by `$substitute` (see mb_substitute_character). */
function cp1251(int|string $substitute = 63): array
{
    return body_of('csv', function ($csv) use ($substitute) {
        mb_substitute_character($substitute);
        return mb_convert_encoding($csv, 'Windows-1251', 'UTF-8');
    }) + typed('csv', 'text/csv; charset=windows-1251');
}

const RUSSIAN = [
    'Заголовок', 'Цена', 'Дата', 'Телефон', 'Имя', 'Описание', 'Адрес', 'Источник', 'Категория', 'Ссылка',
];

function csv_dialects(): array
{
    $needed = fn($value) => quoted_as_needed($value, ';');
    return [
        // Delimiters and lines.
        'csv-semicolon' => put([], ';'),
        'csv-tab' => put([], "\t"),
        'csv-pipe' => put([], '|'),
        'csv-crlf' => put([], ',', "\r\n"),
        'csv-mixed-ends' => ['csv' => function ($answer, $section) {
            [$names, $lines] = csv_table($answer, $section);
            return csv_join([$names, []], ',', "\r\n", quoted_as_needed(...)) . csv_put([null, $lines]);
        }],
        'csv-sep' => put([], ';', "\r\n") + body_of('csv', fn($csv) => "sep=;\r\n$csv"),
        'csv-delimiter-last' => joined([], ';', ";\r\n", $needed),
        'csv-blank-last' => body_of('csv', fn($csv) => "$csv\n"),
        'csv-blank-first' => body_of('csv', fn($csv) => "\n$csv"),
        'csv-comment-first' => body_of('csv', fn($csv) => '# ' . date('d.m.Y') . "\n$csv"),
        'csv-title-first' => body_of('csv', fn($csv) => "\"Результаты поиска\"\n$csv"),
        'csv-cr' => put([], ',', "\r"),
        'csv-no-end' => body_of('csv', fn($csv) => rtrim($csv, "\n")),
        'csv-blanks' => joined([], ' ; ', "\r\n", $needed),
        // Quotes.
        'csv-needed' => joined([], ',', "\r\n", quoted_as_needed(...)),
        'csv-all' => joined([], ','),
        'csv-names-bare' => ['csv' => function ($answer, $section) {
            [$names, $lines] = csv_table($answer, $section);
            return implode(';', $names) . "\r\n" . csv_join([null, $lines]);
        }],
        'csv-backslash' => put([], ',', "\n", '\\') + field('title', fn() => 'Экран 5\\", "новый"'),
        // Charsets.
        'csv-bom' => body_of('csv', fn($csv) => "\xEF\xBB\xBF$csv"),
        'csv-cp1251' => cp1251(),
        'csv-cp1251-entities' => cp1251('entity'),
        'csv-cp1251-ignored' => cp1251('none'),
        'csv-cp1251-translit' => body_of('csv', fn($csv) => iconv('UTF-8', 'CP1251//TRANSLIT', $csv))
            + typed('csv', 'text/csv; charset=windows-1251'),
        'csv-utf-16le' => body_of('csv', fn($csv) => "\xFF\xFE" . mb_convert_encoding($csv, 'UTF-16LE', 'UTF-8'))
            + typed('csv', 'application/vnd.ms-excel'),
        'csv-utf-16be' => body_of('csv', fn($csv) => "\xFE\xFF" . mb_convert_encoding($csv, 'UTF-16BE', 'UTF-8'))
            + typed('csv', 'application/vnd.ms-excel'),
        // Columns.
        'csv-headless' => put(['header' => false]),
        'csv-headless-all' => joined(['header' => false]),
        'csv-names-of-the-first' => ['csv' => function ($answer, $section) {
            return $section !== null && ($answer[$section] ?? null) === []
                ? ''
                : csv_put(csv_table($answer, $section));
        }],
        'csv-errors-headless' => ['csv' => function ($answer, $section) {
            return csv_put(csv_table($answer, $section, ['header' => $answer['status'] !== 'error']));
        }],
        'csv-flat-headless' => ['csv' => function ($answer, $section) {
            return csv_put(csv_table($answer, $section, ['header' => in_array($section, ['data', 'names'])]));
        }],
        'csv-reversed' => put(['columns' => fn($row) => array_reverse($row)]),
        'csv-russian' => put(['columns' => fn($row) => array_combine(
            array_map(fn($name) => array_combine(FIELDS, RUSSIAN)[$name], array_keys($row)),
            $row,
        )]),
        'csv-capitals' => put(['columns' => fn($row) => array_combine(
            array_map(ucfirst(...), array_keys($row)),
            $row,
        )]),
        'csv-numbered' => ['row' => fn($row) => ['n' => '1'] + $row],
        'csv-with-task' => put(['rows' => 'with-task']),
        'csv-json' => put(['rows' => 'json', 'path' => 'json']),
        'csv-two-tables' => ['csv' => function ($answer, $section) {
            $rows = csv_put(csv_table($answer, $section));
            $task = array_filter($answer, fn($value) => !is_array($value));
            $rowless = $section === null || $section === 'photo';
            return $rowless ? $rows : csv_put([array_keys($task), [array_values($task)]]) . "\n" . $rows;
        }],
        // Flat answers.
        'csv-pairs' => put(['flat' => 'pairs'], ';'),
        'csv-leaf' => put(['path' => 'leaf']),
        'csv-underscore' => put(['path' => 'underscore']),
        'csv-slash' => put(['path' => 'slash']),
        'csv-brackets' => put(['path' => 'brackets']),
        'csv-account-json' => put(['path' => 'json']),
    ];
}

function json_dialects(): array
{
    return [
        'json-raw' => flags(JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES),
        'json-slashes' => flags(JSON_UNESCAPED_UNICODE),
        'json-unicode' => flags(JSON_UNESCAPED_SLASHES),
        'json-pretty' => flags(JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE),
        'json-hex' => flags(JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT),
        'json-by-hand' => ['json' => fn($answer) => json_by_hand($answer)],
        'json-tabs' => ['json' => fn($answer) => str_replace('    ', "\t", json_encode($answer, JSON_PRETTY_PRINT))],
        'json-line' => body_of('json', fn($json) => "$json\n"),
        'json-blank-lines-first' => body_of('json', fn($json) => "\n\n$json"),
    ];
}

function value_dialects(): array
{
    $cost = fn($to) => ['cost_text' => $to];
    return [
        // Sections.
        'sections-relevant' => ['sections' => 'relevant'],
        'sections-null' => ['sections' => 'null'],
        'sections-false' => ['sections' => 'false'],
        'photo-null' => ['no_photo' => null],
        'photo-false' => ['no_photo' => false],
        'photo-lines' => member('photo', fn($photo) => $photo ? chunk_split($photo) : ''),
        // Values.
        'cost-decimal' => $cost(fn($cost) => number_format($cost, 2, '.', '')),
        'cost-decimal-1' => $cost(fn($cost) => sprintf('%.1f', $cost)),
        'unit-task' => ['cost' => fn($found) => 1],
        'phone-8' => field('phone', fn($phone) => '8' . substr($phone, 1)),
        'phone-plus' => field('phone', fn($phone) => preg_replace('/^(.)(...)(...)/', '+$1 ($2) $3-', $phone)),
        'phone-number' => field('phone', intval(...)),
        'times-text' => ['time' => fn($moment) => date('Y-m-d H:i:s', $moment)],
        'times-iso' => ['time' => fn($moment) => date('c', $moment)],
        'times-float' => ['time' => fn($moment) => $moment + 0.25],
        'times-milliseconds' => ['time' => fn($moment) => $moment * 1000],
        'times-digits' => ['time' => fn($moment) => (string) $moment],
        'row-time-russian' => field('time', fn($time) => date('d.m.Y H:i', strtotime($time))),
        'row-price-spaced' => field('price', fn($price) => number_format((int) $price, 0, '', ' ')),
        'row-source-named' => field('source', fn() => 'Авито'),
        'id-long' => ['new_id' => fn($store) => 9007199254740993 + count($store->tasks)],
        'ip-mapped' => member('ip', fn($ip) => "::ffff:$ip"),
        // info.
        'info-list' => ['info_list' => true],
        'info-bare' => in_answers('account', fn($answer) => $answer['data']),
        'info-flat' => in_answers('account', fn($answer) => ['status' => 'ok'] + $answer['data']['api_limit']),
        'info-json' => ['info_follows' => false],
        'info-texts' => member('data', fn($data) => array_replace($data, [
            'api_limit' => array_map(strval(...), $data['api_limit']),
        ]), 'account'),
        'info-more' => member('data', fn($data) => $data + [
            'balance' => 12.5,
            'tariff' => ['name' => 'Базовый', 'price' => 500],
        ], 'account'),
        // Members beside the documented ones.
        'more-balance' => extra(['ready' => ['balance' => 99.9], 'created' => ['balance' => 99.9]]),
        'more-boolean' => extra(['ready' => ['success' => true, 'cached' => false]]),
        'more-float' => extra(['ready' => ['score' => 0.1 + 0.2, 'rate' => 1 / 3]]),
        'more-object' => extra(['ready' => ['task' => ['phone' => '7', 'meta' => ['pages' => 1, 'last' => true]]]]),
        'more-list' => extra(['ready' => ['tags' => ['новое', 'с & фото'], 'pages' => []]]),
        'more-empty' => extra(['ready' => ['meta' => []], 'created' => ['warnings' => []]]),
        'more-null' => extra(['ready' => ['error' => null]]),
        'more-made-anew' => ['answer' => [fn($answer, $what, $p) => $answer + [
            'request_id' => uniqid('', true),
            'generated' => microtime(true),
            'format' => $p['format'] ?? 'json',
        ]]],
        'more-link' => in_answers('created', fn($answer) => $answer + [
            'poll' => "http://{$_SERVER['HTTP_HOST']}/api/result?id={$answer['id']}",
        ]),
        'more-progress' => extra(['processing' => ['progress' => 50, 'message' => 'Подождите']]),
        'more-success' => extra(['*' => ['success' => true]]),
        'row-more' => [
            'row' => fn($row) => $row + ['id' => 17, 'city' => 'Ключи', 'photos' => ['/1.jpg', '/2.jpg'], 'tags' => []],
        ],
        'row-both' => ['row' => fn($row) => $row + array_values($row)],
        'row-first' => ['row' => fn($row) => ['id' => 17] + $row],
        'names-more' => member('names', fn($names) => array_map(fn($entry) => $entry + ['count' => 3], $names)),
        'error-more' => extra(['error' => ['errors' => ['login' => ['Обязательное поле']], 'trace' => null]]),
    ];
}

/** The names that a request gives more than once, in its query and its urlencoded form taken together. */
function names_given_twice(): array
{
    $pairs = explode('&', ($_SERVER['QUERY_STRING'] ?? '') . '&' . file_get_contents('php://input'));
    $given = array_map(fn($pair) => urldecode(explode('=', $pair)[0]), array_filter($pairs));
    return array_keys(array_filter(array_count_values($given), fn($times) => $times > 1));
}

function call_dialects(): array
{
    $status = fn($what, $answer) => $what === 'error' ? $answer['error_code'] : 200;
    return [
        'query-wins' => ['read' => fn() => $_GET + $_POST],
        'duplicates-refused' => ['refused' => 'names_given_twice'],
        'get-and-post-alone' => ['http_methods' => ['GET', 'POST']],
        'credentials-first' => ['credentials_first' => true],
        'unknown-format-json' => ['unknown_format' => 'json'],
        'phone-strip' => ['phone_invalid' => 'strip'],
        'id-error' => ['id_invalid' => 'error'],
        'not-found-html' => ['not_found' => 'html'],
        'errors-mirror' => ['http_status' => $status],
        'errors-400' => ['http_status' => fn($what) => $what === 'error' ? 400 : 200],
        'credentials-json' => ['errors_follow' => fn($kind) => $kind !== 'credentials'],
        'errors-json' => ['errors_follow' => fn() => false],
        'created-201' => ['http_status' => fn($what) => ['created' => 201, 'processing' => 202][$what] ?? 200],
        'foreign-credentials' => ['unknown' => fn($task) => throw new Refused($task ? 'credentials' : 'unknown-task')],
        'types-html' => ['types' => array_fill_keys(['json', 'xml', 'csv'], 'text/html; charset=UTF-8')],
        'types-bare' => [
            'types' => ['json' => 'application/json', 'xml' => 'application/xml', 'csv' => 'application/octet-stream'],
        ],
        'session' => ['polled' => function () {
            session_save_path(getenv('STANDIN_DIRECTORY'));
            session_start();
        }],
    ];
}

/** Services of a usual make. */
function usual_apps(): array
{
    $mirror = fn($what, $answer) => $what === 'error' ? $answer['error_code'] : 200;
    return [
        // Yii's response formatters.
        'yii' => flags(JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES) + [
            'http_status' => $mirror,
            'not_found' => 'html',
            'info_list' => true,
            'no_photo' => null,
            'types' => [
                'json' => 'application/json; charset=UTF-8',
                'xml' => 'application/xml; charset=UTF-8',
                'csv' => 'text/csv; charset=UTF-8',
            ],
        ] + put([], ';') + extra(['ready' => ['balance' => 41.5]]),
        // A script with the SimpleXML recipe, which reads $_REQUEST.
        'simple-script' => put([], ';', "\n", '\\') + [
            'xml' => fn($answer) => xml_simple($answer),
            'types' => array_fill_keys(['json', 'xml', 'csv'], 'text/html; charset=UTF-8'),
            'sections' => 'null',
            'id_invalid' => 'unknown',
            'unknown_format' => 'json',
            'credentials_first' => true,
            'cost_text' => fn($cost) => number_format($cost, 2, '.', ''),
        ] + body_of('csv', fn($csv) => "\xEF\xBB\xBF$csv"),
        // CSV for Excel, the rest in passing.
        'excel' => joined() + body_of('csv', fn($csv) => mb_convert_encoding($csv, 'CP1251', 'UTF-8')) + [
            'types' => [
                'json' => 'application/json',
                'xml' => 'text/xml; charset=windows-1251',
                'csv' => 'application/vnd.ms-excel; charset=windows-1251',
            ],
            'xml' => fn($answer) => xml_dom($answer, ['encoding' => 'windows-1251', 'format' => true]),
            'time' => fn($moment) => date('Y-m-d H:i:s', $moment),
            'info_follows' => false,
            'errors_follow' => fn() => false,
        ],
        // Symfony's serializer.
        'symfony' => flags(JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT) + [
            'xml' => fn($answer) => xml_symfony($answer),
            'http_status' => $mirror,
            'http_methods' => ['GET', 'POST'],
            'time' => fn($moment) => date('c', $moment),
        ] + put([], ',', "\n"),
        // DOMDocument, set out for readers.
        'dom' => dom(['root' => 'result', 'item' => 'row', 'cdata' => true, 'format' => true]) + [
            'json' => fn($answer) => json_encode($answer, JSON_PRETTY_PRINT | JSON_UNESCAPED_UNICODE),
        ] + field('phone', intval(...)) + put(['flat' => 'pairs', 'path' => 'leaf'], "\t"),
        // Strings and templates.
        'old-script' => [
            'json' => fn($answer) => json_by_hand($answer),
            'xml' => fn($answer) => xml_by_hand($answer, null, "\n"),
            'read' => fn() => $_GET + $_POST,
            'phone_invalid' => 'strip',
            'sections' => 'relevant',
        ] + joined([], ';', "\r\n", fn($value) => quoted_as_needed($value, ';')),
    ];
}
