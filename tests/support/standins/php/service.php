<?php
// create, result and info. Where the page leaves something open, `$o` (see options.php) says how it is.

class Refused extends Exception
{
    public function __construct(public string $kind, public array $names = [])
    {
        parent::__construct($kind);
    }
}

const REQUIRED = [
    'create' => ['login', 'token', 'phone', 'source'],
    'result' => ['login', 'token', 'id'],
    'info' => ['login', 'token'],
];

/**
 * What kind of answer it is (created, processing, ready, account, error, page), the answer, the format to write, and
 * the section that a ready task's source fills.
 */
function answer(array $o, Store $store, string $method, array $p): array
{
    $p = array_filter($p, 'is_string');
    $format = $p['format'] ?? 'json';
    $known = in_array($format, ['json', 'xml', 'csv'], true);
    $section = null;
    try {
        if (!isset(REQUIRED[$method])) {
            if ($o['not_found'] === 'html') {
                return ['page', [], 'json', null];
            }
            throw new Refused('unknown-method');
        }
        if ($o['http_methods'] && !in_array($_SERVER['REQUEST_METHOD'], $o['http_methods'], true)) {
            throw new Refused('http-method');
        }
        if ($refused = ($o['refused'])()) {
            throw new Refused('invalid', $refused);
        }
        [$what, $answer, $section] = perform($o, $store, $method, $p, $known || $o['unknown_format'] === 'json');
    } catch (Refused $refused) {
        $what = 'error';
        $answer = refusal($o, $store, $refused, $p);
    }
    foreach ($o['answer'] as $edit) {
        $answer = $edit($answer, $what, $p);
    }
    $follows = $what === 'error' ? $o['errors_follow']($refused->kind) : $what !== 'account' || $o['info_follows'];
    return [$what, $answer, $known && $follows ? $format : 'json', $section];
}

function refusal(array $o, Store $store, Refused $refused, array $p): array
{
    $message = strtr($o['messages'][$refused->kind], [
        '{names}' => implode(', ', $refused->names),
        '{used}' => $store->used($p['login'] ?? ''),
        '{of}' => $store->settings['limit'],
    ]);
    return ['status' => 'error', 'error_code' => $o['codes'][$refused->kind], 'message' => $message];
}

function perform(array $o, Store $store, string $method, array $p, bool $format_known): array
{
    if ($o['credentials_first']) {
        check_required($o, ['login', 'token'], REQUIRED[$method], $p);
        check_credentials($o, $store, $method, $p);
    }
    check_required($o, REQUIRED[$method], REQUIRED[$method], $p);
    if (!$format_known) {
        throw new Refused('invalid', ['format']);
    }
    if ($method === 'create') {
        $p = check_values($o, $p);
    }
    check_credentials($o, $store, $method, $p);
    return match ($method) {
        'create' => create($o, $store, $p),
        'result' => result($o, $store, $p),
        'info' => info($o, $store, $p),
    };
}

/** Refuses a call that lacks one of the names; the message has all that are missing. */
function check_required(array $o, array $names, array $all, array $p): void
{
    if (($o['missing'])($names, $p)) {
        throw new Refused('missing', array_values(($o['missing'])($all, $p)));
    }
}

function check_credentials(array $o, Store $store, string $method, array $p): void
{
    if (!($o['authorised'])($store->settings['accounts'], $p['login'], $p['token'], $method)) {
        throw new Refused('credentials');
    }
}

function check_values(array $o, array $p): array
{
    if ($o['phone_invalid'] === 'strip') {
        $p['phone'] = preg_replace('/\D/', '', $p['phone']);
    }
    $wrong = [];
    if (!preg_match('/^\d{7,15}$/D', $p['phone'])) {
        $wrong[] = 'phone';
    }
    if (!isset(SECTIONS[$p['source'] ?? $o['default_source']])) {
        $wrong[] = 'source';
    }
    if ($wrong) {
        throw new Refused('invalid', $wrong);
    }
    return $p;
}

function create(array $o, Store $store, array $p): array
{
    if ($store->used($p['login']) >= $store->settings['limit']) {
        throw new Refused('limit');
    }
    $source = $p['source'] ?? $o['default_source'];
    $found = look_up($p['phone'], $source);
    $cost = ($o['cost'])($found);
    $store->charge($p['login'], ($o['charge'])($cost));
    $id = ($o['new_id'])($store, $p);
    $store->tasks[(string) $id] = [
        'login' => $p['login'],
        'phone' => $p['phone'],
        'source' => $source,
        'ip' => $_SERVER['REMOTE_ADDR'],
        'made' => microtime(true),
        'cost' => $cost,
        'reads' => 0,
    ];
    return ['created', ['status' => 'ok', 'id' => $id], null];
}

function result(array $o, Store $store, array $p): array
{
    if ($o['id_invalid'] === 'error' && !preg_match('/^\d{1,18}$/D', $p['id'])) {
        throw new Refused('invalid', ['id']);
    }
    $id = (string) (int) $p['id'];
    $task = $store->tasks[$id] ?? null;
    if ($task === null || !($o['may_read'])($task, $p['login'])) {
        return ($o['unknown'])($task);
    }
    ($o['polled'])($store, $task);
    $store->tasks[$id]['reads']++;
    if (!($o['is_ready'])($task, $store->settings['seconds'])) {
        return ['processing', ['status' => 'processing'], null];
    }
    return ['ready', ready($o, $task, $store->settings['seconds']), SECTIONS[$task['source']]];
}

function ready(array $o, array $task, float $seconds): array
{
    $found = ($o['found'])(look_up($task['phone'], $task['source']), $task);
    $section = SECTIONS[$task['source']];
    $answer = ['status' => 'ready'];
    foreach (['data' => [], 'names' => [], 'photo' => $o['no_photo']] as $name => $empty) {
        if ($name === $section) {
            $answer[$name] = $found === '' ? $o['no_photo'] : $found;
        } elseif ($o['sections'] !== 'relevant') {
            $answer[$name] = ['all' => $empty, 'null' => null, 'false' => false][$o['sections']];
        }
    }
    $answer['cost'] = ($o['cost_text'])($task['cost']);
    $answer['ip'] = $task['ip'];
    $answer['create_time'] = ($o['time'])((int) $task['made']);
    $answer['end_time'] = ($o['time'])((int) ($task['made'] + $seconds));
    foreach ($answer['data'] ?? [] ?: [] as $i => $row) {
        $answer['data'][$i] = ($o['row'])($row);
    }
    return $answer;
}

function info(array $o, Store $store, array $p): array
{
    $account = [
        'api_limit' => ['used' => $store->used($p['login']), 'of' => $store->settings['limit']],
        'api_time_limit' => '2032-02-29 23:59:59',
        'demo' => '0',
    ];
    return ['account', ['status' => 'ok', 'data' => $o['info_list'] ? [$account] : $account], null];
}
