<?php
// Changes of the plain service that dialects and breakages are made of.

/** json_encode with flags. */
function flags(int $flags): array
{
    return ['json' => fn($answer) => json_encode($answer, $flags)];
}

/** XML by DOMDocument with more options. */
function dom(array $o): array
{
    return ['xml' => fn($answer) => xml_dom($answer, $o)];
}

/** CSV by fputcsv. `$o` are options of csv_table, `$how` is what csv_put takes more. */
function put(array $o = [], mixed ...$how): array
{
    return ['csv' => fn($answer, $section) => csv_put(csv_table($answer, $section, $o), ...$how)];
}

/** CSV by implode. */
function joined(array $o = [], mixed ...$how): array
{
    return ['csv' => fn($answer, $section) => csv_join(csv_table($answer, $section, $o), ...$how)];
}

/** An edit of bodies in one format. */
function body_of(string $format, callable $edit): array
{
    return ['body' => [fn($body, $written) => $written === $format ? $edit($body) : $body]];
}

/** Another Content-Type of a format. */
function typed(string $format, string $type): array
{
    return ['types' => [$format => $type] + plain()['types']];
}

/** Extra members, by the kind of answer; `*` for all. */
function extra(array $members): array
{
    return ['answer' => [fn($answer, $what) => $answer + ($members[$what] ?? []) + ($members['*'] ?? [])]];
}

/** A change of one field of each row. */
function field(string $name, callable $change): array
{
    return ['row' => fn($row) => array_replace($row, [$name => $change($row[$name])])];
}

/** A change of one member, in answers of a kind that have it. */
function member(string $name, callable $change, string $kind = 'ready'): array
{
    return ['answer' => [fn($answer, $what) => $what === $kind && array_key_exists($name, $answer)
        ? array_replace($answer, [$name => $change($answer[$name])])
        : $answer]];
}

/** A change of answers of a kind. */
function in_answers(string $kind, callable $change): array
{
    return ['answer' => [fn($answer, $what, $p) => $what === $kind ? $change($answer, $p) : $answer]];
}
