<?php
// The API as the operator's page documents it, for `php -S`. The path names a state file, a dialect and a breakage:
// /STATE/DIALECT/BREAKAGE/api/METHOD. Settings and state stand in STANDIN_DIRECTORY/STATE.json (see store.php).

require __DIR__ . '/data.php';
require __DIR__ . '/store.php';
require __DIR__ . '/service.php';
require __DIR__ . '/write_json.php';
require __DIR__ . '/write_xml.php';
require __DIR__ . '/write_csv.php';
require __DIR__ . '/edits.php';
require __DIR__ . '/options.php';
require __DIR__ . '/dialects.php';
require __DIR__ . '/breakages.php';

date_default_timezone_set('Europe/Moscow');

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if (!preg_match('~^/([a-z0-9]+)/([a-z0-9.-]+)/([a-z0-9-]+)/api/(.*)$~s', (string) $path, $parts)) {
    not_found();
    return;
}
[, $name, $dialect, $breakage, $method] = $parts;
$options = options($dialect, $breakage);
$store = new Store(getenv('STANDIN_DIRECTORY') . "/$name.json");
[$what, $answer, $format, $section] = answer($options, $store, $method, ($options['read'])());
$store->close();
if ($what === 'page') {
    not_found();
    return;
}
http_response_code(($options['http_status'])($what, $answer));
header('Content-Type: ' . $options['types'][$format]);
$body = ($options[$format])($answer, $section);
foreach ($options['body'] as $edit) {
    $body = $edit($body, $format, $what);
}
echo $body;

function not_found(): void
{
    http_response_code(404);
    header('Content-Type: text/html; charset=UTF-8');
    echo "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body><h1>Not Found</h1></body>\r\n</html>\r\n";
}
