<?php
// What a phone has. The last digit says how much: 0 nothing, 1 one record, else all. Made-up people, awkward texts.

const FIELDS = ['title', 'price', 'time', 'phone', 'name', 'description', 'location', 'source', 'category', 'url'];
const SECTIONS = ['1' => 'names', '2' => 'data', '3' => 'photo', '4' => 'photo'];

const ADS = [
    [
        'Пряха «Клавдия» №5; 3 катушки & чехол',
        '4500',
        '2030-02-03 04:05:06',
        '',
        "Клавдия \u{1F4DE} Прялкина",
        "он \"как новый\"; торг,\r\n<b>звоните</b> до 20:00\tбез выходных",
        'Нижние Ключи, ул. Ивовая/7',
        'avito.ru',
        'Ремёсла, Прялки',
        'https://avito.ru/pryaha?id=71&photo=1',
    ],
    [
        "=1+1 ]]> сани \u{2192} d'Arc",
        '',
        '2029-12-31 23:59:59',
        '',
        ' Клаша ',
        "без торга\nсамовывоз \\ caf\u{E9}",
        '',
        'youla.io',
        '23, 2301',
        'https://youla.io/sani_72',
    ],
];
const NAMES = [
    "Клаша; Прялки,\tКлючи",
    "=Тётя \"Клаша\" \u{1F600}",
    "]]>\nКлавдия & Ко №1",
];

/** How many of all records a phone has. */
function found_for(string $phone, array $all): array
{
    return array_slice($all, 0, match (substr($phone, -1)) {
        '0' => 0,
        '1' => 1,
        default => count($all),
    });
}

/** What a source fills: rows, names, or a picture in base64. */
function look_up(string $phone, string $source): array|string
{
    switch ($source) {
        case '1':
            return array_map(fn($name) => ['name' => $name], found_for($phone, NAMES));
        case '2':
            $rows = [];
            foreach (found_for($phone, ADS) as $ad) {
                $row = array_combine(FIELDS, $ad);
                $row['phone'] = $phone;
                $rows[] = $row;
            }
            return $rows;
        default:
            $picture = $source === '3' ? png(3, 3) : gif();
            return substr($phone, -1) === '0' ? '' : base64_encode($picture);
    }
}

/** A picture in grey. */
function png(int $width, int $height): string
{
    $lines = '';
    for ($y = 0; $y < $height; $y++) {
        $lines .= "\0" . str_repeat(chr(251 - 40 * $y), $width);
    }
    $png = "\x89PNG\r\n\x1a\n";
    $parts = ['IHDR' => pack('NNC5', $width, $height, 8, 0, 0, 0, 0), 'IDAT' => gzcompress($lines), 'IEND' => ''];
    foreach ($parts as $type => $content) {
        $png .= pack('N', strlen($content)) . $type . $content . pack('N', crc32($type . $content));
    }
    return $png;
}

/** One pixel, black. */
function gif(): string
{
    $screen = pack('v2C3', 1, 1, 0x80, 0, 0) . "\0\0\0\xff\xff\xff";
    return "GIF89a$screen," . pack('v4C', 0, 0, 1, 1, 0) . "\x02\x02\x44\x01\x00;";
}
