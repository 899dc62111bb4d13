<?php
// Looks up a phone with PHP's curl: creates a task, asks for its result until it is ready, and prints what was found.
//
//   IFIND_API=http://127.0.0.1:8080/api IFIND_LOGIN=demo@example.com IFIND_TOKEN=demo-token php curl.php 70001234567 2 json
//
// IFIND_API: https://i-find.pro/api for the API itself. IFIND_PAUSE: seconds between two polls (3). IFIND_TIMEOUT: seconds
// after which a task is given up (60). Needs PHP 8 with curl and SimpleXML (Debian: php-curl, php-xml).

declare(strict_types=1);

/** No result, and why. */
class LookupFailed extends Exception {}
/** The API answered with an error: a wrong token, a used-up limit, a task that failed. */
class Refused extends LookupFailed {}
/** The connection failed, or what came is no answer of the API, such as a proxy's error page. */
class NoAnswer extends LookupFailed {}
/** The task is still being processed after the time-out. */
class NotReady extends LookupFailed {}

/** The members of an answer, with the rows that were found under "rows". Throws what the readers of a format throw. */
function answer_of(string $body, string $format): array
{
    $answer = match ($format) {
        'json' => json_decode($body, true, flags: JSON_THROW_ON_ERROR),
        'xml' => from_xml($body),
        'csv' => from_csv($body),
    };
    $rows = $answer['rows'] ?? [...($answer['data'] ?? []) ?: [], ...($answer['names'] ?? []) ?: []];
    return ['rows' => ($answer['photo'] ?? '') ? [...$rows, ['photo' => $answer['photo']]] : $rows] + $answer;
}

function from_xml(string $body): array
{
    $root = new SimpleXMLElement($body, LIBXML_NONET | LIBXML_NOERROR);
    $rows = [];
    foreach ([$root->data, $root->names] as $section) {
        foreach ($section->children() ?? [] as $entry) {
            $rows[] = array_map(strval(...), iterator_to_array($entry->children()));
        }
    }
    return ['rows' => $rows] + array_map(strval(...), iterator_to_array($root->children()));
}

function from_csv(string $body): array
{
    $file = fopen('php://memory', 'r+');
    fwrite($file, $body);
    rewind($file);
    $names = fgetcsv($file, escape: '');
    $rows = [];
    while (($values = fgetcsv($file, escape: '')) !== false) {
        $rows[] = array_combine($names, $values);
    }
    return match ($names[0]) {
        'title', 'name' => ['status' => 'ready', 'rows' => $rows], // a table of what was found
        // Any other answer is one line of names and one of values.
        default => ['rows' => []] + ($rows[0] ?? throw new UnexpectedValueException('no values')),
    };
}

/** Calls the API at an address such as https://i-find.pro/api. $pause, $timeout: seconds. */
final class Client
{
    public function __construct(
        private string $api,
        private string $login,
        private string $token,
        private float $pause = 3,
        private float $timeout = 60,
    ) {}

    /** The answer to a call that succeeded. Throws Refused and NoAnswer. */
    private function call(string $method, array $params): array
    {
        $curl = curl_init("$this->api/$method");
        curl_setopt_array($curl, [
            // A form keeps the token out of addresses, which are logged on the way.
            CURLOPT_POSTFIELDS => http_build_query(['login' => $this->login, 'token' => $this->token] + $params),
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 10,
        ]);
        $body = curl_exec($curl);
        if ($body === false) {
            throw new NoAnswer('no answer: ' . curl_strerror(curl_errno($curl)));
        }
        $http = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        try {
            $answer = answer_of($body, $params['format']);
        } catch (Throwable) { // whatever is wrong with it
            $answer = [];
        }
        $status = $answer['status'] ?? '';
        // An error of the API says so in its body, mostly under HTTP 200: look there first.
        if ($status === 'error') {
            throw new Refused('the API refused: ' . ($answer['error_code'] ?? '') . ' ' . ($answer['message'] ?? ''));
        }
        if ($http >= 300) {
            throw new NoAnswer("no answer: HTTP $http");
        }
        if ($status === '') {
            throw new NoAnswer("no answer: HTTP $http with a body that is no answer in {$params['format']}");
        }
        return $answer;
    }

    /** What was found, as a list of rows. Throws LookupFailed. */
    public function lookUp(string $phone, string $source, string $format = 'json'): array
    {
        // Sent once: a create whose answer is lost may have cost units all the same.
        $created = $this->call('create', ['phone' => $phone, 'source' => $source, 'format' => $format]);
        $id = $created['id'] ?? throw new NoAnswer('no answer: a task without an id');
        $end = microtime(true) + $this->timeout;
        while (true) {
            usleep((int) ($this->pause * 1e6));
            $problem = new NotReady("task $id is not ready after $this->timeout s");
            try {
                $answer = $this->call('result', ['id' => $id, 'format' => $format]);
                if ($answer['status'] === 'ready') {
                    return $answer['rows'];
                }
            } catch (NoAnswer $lost) { // polls cost nothing: one that fails is sent again
                $problem = $lost;
            }
            if (microtime(true) >= $end) {
                throw $problem;
            }
        }
    }
}

if ($argc < 3 || !getenv('IFIND_API') || !getenv('IFIND_LOGIN') || !getenv('IFIND_TOKEN')) {
    fwrite(STDERR, "usage: php curl.php PHONE SOURCE [json|xml|csv], with IFIND_API, IFIND_LOGIN and IFIND_TOKEN\n");
    exit(2);
}
$client = new Client(
    getenv('IFIND_API'),
    getenv('IFIND_LOGIN'),
    getenv('IFIND_TOKEN'),
    (float) (getenv('IFIND_PAUSE') ?: 3),
    (float) (getenv('IFIND_TIMEOUT') ?: 60),
);
try {
    foreach ($client->lookUp(...array_slice($argv, 1)) as $row) {
        echo implode("\t", $row), "\n";
    }
} catch (LookupFailed $error) {
    fwrite(STDERR, "error: {$error->getMessage()}\n");
    exit(1);
}
