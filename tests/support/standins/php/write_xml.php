<?php
// XML, in the recipes that are copied: DOMDocument, SimpleXML, XMLWriter, and strings.

/**
 * By DOMDocument. Options: root, encoding (null: none is declared), item (the name of a list's entries, or a function
 * of the list's name and the entry's number), format (indented), cdata, repeated (no element around a list), singular
 * (a name in place of an entry of names), nil (null as xsi:nil), doctype, each (a function of an element, its value and
 * its number in a list), finish (a function of the whole document).
 */
function xml_dom(array $answer, array $o = []): string
{
    $o += [
        'root' => 'response',
        'encoding' => 'UTF-8',
        'item' => 'item',
        'format' => false,
        'cdata' => false,
        'repeated' => false,
        'singular' => false,
        'nil' => false,
        'doctype' => false,
        'each' => fn($element, $value, $number) => null,
        'finish' => fn($document) => null,
    ];
    $implementation = new DOMImplementation();
    $type = $o['doctype'] ? $implementation->createDocumentType($o['root']) : null;
    $document = $implementation->createDocument(null, $o['root'], $type);
    if ($o['encoding'] !== null) {
        $document->encoding = $o['encoding'];
    }
    $document->formatOutput = $o['format'];
    dom_members($document, $document->documentElement, $answer, $o);
    ($o['finish'])($document);
    return $document->saveXML();
}

function dom_members(DOMDocument $document, DOMElement $parent, array $members, array $o, string $list = ''): void
{
    foreach ($members as $name => $value) {
        if (is_array($value) && array_is_list($value) && $o['repeated'] && !is_int($name)) {
            foreach ($value as $entry) {
                dom_member($document, $parent, $name, $entry, $o);
            }
        } elseif (!is_int($name)) {
            dom_member($document, $parent, $name, $value, $o);
        } elseif ($o['singular'] && $list === 'names') {
            dom_member($document, $parent, 'name', $value['name'], $o, $name);
        } else {
            $item = is_string($o['item']) ? $o['item'] : ($o['item'])($list, $name);
            dom_member($document, $parent, $item, $value, $o, $name);
        }
    }
}

function dom_member(
    DOMDocument $document,
    DOMElement $parent,
    string $name,
    mixed $value,
    array $o,
    ?int $number = null,
): void {
    $element = $parent->appendChild($document->createElement($name));
    if (is_array($value)) {
        dom_members($document, $element, $value, $o, $name);
    } elseif ($value === null) {
        if ($o['nil']) {
            $element->setAttributeNS('http://www.w3.org/2001/XMLSchema-instance', 'xsi:nil', 'true');
        }
    } elseif ($o['cdata'] && is_string($value) && $value !== '') {
        $element->appendChild($document->createCDATASection($value));
    } else {
        $element->appendChild($document->createTextNode((string) $value));
    }
    ($o['each'])($element, $value, $number);
}

/** The recipe for SimpleXML that is copied widely: numeric keys become item0, item1, … */
function xml_simple(array $answer, string $begin = '<?xml version="1.0"?><root></root>', int $first = 0): string
{
    $xml = new SimpleXMLElement($begin);
    array_to_xml($answer, $xml, $first);
    return $xml->asXML();
}

function array_to_xml(array $data, SimpleXMLElement $xml, int $first): void
{
    foreach ($data as $key => $value) {
        if (is_numeric($key)) {
            $key = 'item' . ($key + $first);
        }
        if (is_array($value)) {
            array_to_xml($value, $xml->addChild($key), $first);
        } else {
            $xml->addChild($key, htmlspecialchars((string) $value));
        }
    }
}

/** By XMLWriter, which indents by a blank where it is told nothing else. */
function xml_writer(array $answer, ?string $indent = ' '): string
{
    $xml = new XMLWriter();
    $xml->openMemory();
    if ($indent !== null) {
        $xml->setIndent(true);
        $xml->setIndentString($indent);
    }
    $xml->startDocument('1.0', 'UTF-8');
    writer_member($xml, 'response', $answer);
    $xml->endDocument();
    return $xml->outputMemory();
}

function writer_member(XMLWriter $xml, string $name, mixed $value): void
{
    if (!is_array($value)) {
        $xml->writeElement($name, $value === null ? null : (string) $value);
        return;
    }
    $xml->startElement($name);
    foreach ($value as $key => $member) {
        writer_member($xml, is_int($key) ? 'item' : $key, $member);
    }
    $xml->endElement();
}

/** Glued together from strings. */
function xml_by_hand(array $answer, ?callable $escape = null, string $around = ''): string
{
    $escape ??= fn($text) => htmlspecialchars($text, ENT_NOQUOTES | ENT_XML1);
    return '<?xml version="1.0" encoding="UTF-8"?><response>' . glued($answer, $escape, $around) . '</response>';
}

function glued(array $members, callable $escape, string $around): string
{
    $xml = '';
    foreach ($members as $name => $value) {
        $tag = is_int($name) ? 'item' : $name;
        $inner = is_array($value) ? glued($value, $escape, $around) : $around . $escape((string) $value) . $around;
        $xml .= "<$tag>$inner</$tag>";
    }
    return $xml;
}

/** As Symfony's serializer lays it out: a list as siblings, CDATA where a text has markup, no encoding declared. */
function xml_symfony(array $answer): string
{
    $document = new DOMDocument('1.0');
    $root = $document->appendChild($document->createElement('response'));
    $grow = function (DOMElement $parent, array $members) use (&$grow, $document): void {
        foreach ($members as $name => $value) {
            $entries = is_array($value) && $value && array_is_list($value) ? $value : [$value];
            foreach ($entries as $entry) {
                $element = $parent->appendChild($document->createElement($name));
                if (is_array($entry)) {
                    $grow($element, $entry);
                } elseif (is_string($entry) && preg_match('/[<>&]/', $entry)) {
                    $element->appendChild($document->createCDATASection($entry));
                } elseif ($entry !== null) {
                    $element->appendChild($document->createTextNode((string) $entry));
                }
            }
        }
    };
    $grow($root, $answer);
    return $document->saveXML();
}

/** Values as attributes; objects and lists as elements. */
function xml_attributes(array $answer): string
{
    $xml = new SimpleXMLElement('<?xml version="1.0" encoding="UTF-8"?><response/>');
    $grow = function (SimpleXMLElement $parent, array $members) use (&$grow): void {
        foreach ($members as $name => $value) {
            if (is_array($value)) {
                $grow($parent->addChild(is_int($name) ? 'item' : $name), $value);
            } else {
                $parent->addAttribute($name, (string) $value);
            }
        }
    };
    $grow($xml, $answer);
    return $xml->asXML();
}

/** Members as elements, and the fields of a list's entries as attributes. */
function xml_row_attributes(array $answer): string
{
    $xml = new SimpleXMLElement('<?xml version="1.0" encoding="UTF-8"?><response/>');
    foreach ($answer as $name => $value) {
        if (!is_array($value)) {
            $xml->addChild($name, htmlspecialchars((string) $value));
            continue;
        }
        $list = $xml->addChild($name);
        foreach ($value as $key => $entry) {
            $element = $list->addChild(is_int($key) ? 'item' : $key, is_array($entry) ? null : (string) $entry);
            foreach (is_array($entry) ? $entry : [] as $field => $text) {
                $element->addAttribute($field, (string) $text);
            }
        }
    }
    return $xml->asXML();
}

/** As strings, with the names of elements changed. */
function xml_renamed(array $answer, callable $rename, string $root): string
{
    $glue = function (array $members) use (&$glue, $rename): string {
        $xml = '';
        foreach ($members as $name => $value) {
            $tag = $rename(is_int($name) ? 'item' : $name);
            $inner = is_array($value) ? $glue($value) : htmlspecialchars((string) $value, ENT_XML1);
            $xml .= "<$tag>$inner</$tag>";
        }
        return $xml;
    };
    [$name] = explode(' ', $root);
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<$root>" . $glue($answer) . "</$name>\n";
}

/** Every member as an element `field`, named by an attribute. */
function xml_fields(array $answer): string
{
    $document = new DOMDocument('1.0', 'UTF-8');
    $grow = function (DOMNode $parent, string|int $name, mixed $value) use (&$grow, $document): void {
        $element = $parent->appendChild($document->createElement(is_array($value) ? 'group' : 'field'));
        $element->setAttribute('name', (string) $name);
        if (!is_array($value)) {
            $element->appendChild($document->createTextNode((string) $value));
            return;
        }
        foreach ($value as $key => $member) {
            $grow($element, $key, $member);
        }
    };
    $grow($document, 'response', $answer);
    return $document->saveXML();
}
