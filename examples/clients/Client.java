// Looks up a phone with java.net.http: creates a task, asks for its result until it is ready, and prints what was found.
//
//   export IFIND_API=http://127.0.0.1:8080/api IFIND_LOGIN=demo@example.com IFIND_TOKEN=demo-token
//   java -cp /usr/share/java/gson.jar:/usr/share/java/commons-csv.jar Client.java 70001234567 2 json
//
// IFIND_API: https://i-find.pro/api for the API itself. IFIND_PAUSE: seconds between two polls (3). IFIND_TIMEOUT: seconds
// after which a task is given up (60). Needs Java 17; Gson for JSON and Commons CSV for CSV, from Maven or Debian
// (libgoogle-gson-java, libcommons-csv-java).

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.w3c.dom.Element;
import org.w3c.dom.Node;

/** Calls the API for one account. pause, timeout: between two polls, and until a task is given up. */
record Client(String api, String login, String token, Duration pause, Duration timeout) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** No result, and why. */
    static class LookupFailed extends Exception {
        LookupFailed(String message) {
            super(message);
        }
    }

    /** The API answered with an error: a wrong token, a used-up limit, a task that failed. */
    static class Refused extends LookupFailed {
        Refused(String message) {
            super(message);
        }
    }

    /** The connection failed, or what came is no answer of the API, such as a proxy's error page. */
    static class NoAnswer extends LookupFailed {
        NoAnswer(String message) {
            super(message);
        }
    }

    /** The task is still being processed after the time-out. */
    static class NotReady extends LookupFailed {
        NotReady(String message) {
            super(message);
        }
    }

    /** The members of an answer that are texts or numbers, and the rows that were found. */
    record Answer(Map<String, String> members, List<Map<String, String>> rows) {
        static Answer of(byte[] body, String format) throws Exception {
            Answer answer =
                    switch (format) {
                        case "json" -> ofJson(body);
                        case "xml" -> ofXml(body);
                        case "csv" -> ofCsv(body);
                        default -> throw new IllegalArgumentException(format);
                    };
            String photo = answer.members.getOrDefault("photo", "");
            if (!photo.isEmpty()) {
                answer.rows.add(Map.of("photo", photo));
            }
            return answer;
        }

        private static Answer ofJson(byte[] body) {
            JsonObject root = JsonParser.parseString(new String(body, StandardCharsets.UTF_8)).getAsJsonObject();
            List<Map<String, String>> rows = new ArrayList<>();
            for (String section : List.of("data", "names")) {
                if (root.has(section) && root.get(section).isJsonArray()) {
                    root.getAsJsonArray(section).forEach(row -> rows.add(texts(row.getAsJsonObject())));
                }
            }
            return new Answer(texts(root), rows);
        }

        private static Map<String, String> texts(JsonObject object) {
            Map<String, String> texts = new LinkedHashMap<>();
            object.entrySet().stream()
                    .filter(entry -> entry.getValue().isJsonPrimitive())
                    .forEach(entry -> texts.put(entry.getKey(), entry.getValue().getAsString()));
            return texts;
        }

        private static Answer ofXml(byte[] body) throws Exception {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null); // which would print to standard error
            Element root = builder.parse(new ByteArrayInputStream(body)).getDocumentElement();
            List<Map<String, String>> rows = new ArrayList<>();
            for (Element section : elements(root)) {
                if (List.of("data", "names").contains(section.getTagName())) {
                    elements(section).forEach(entry -> rows.add(texts(entry)));
                }
            }
            return new Answer(texts(root), rows);
        }

        private static List<Element> elements(Element parent) {
            List<Element> elements = new ArrayList<>();
            for (Node node = parent.getFirstChild(); node != null; node = node.getNextSibling()) {
                if (node instanceof Element element) {
                    elements.add(element);
                }
            }
            return elements;
        }

        private static Map<String, String> texts(Element parent) {
            Map<String, String> texts = new LinkedHashMap<>();
            elements(parent).forEach(element -> texts.put(element.getTagName(), element.getTextContent()));
            return texts;
        }

        private static Answer ofCsv(byte[] body) throws IOException {
            CSVFormat format = CSVFormat.RFC4180.builder().setHeader().build();
            try (CSVParser parser = CSVParser.parse(new String(body, StandardCharsets.UTF_8), format)) {
                List<Map<String, String>> rows = new ArrayList<>();
                for (CSVRecord row : parser) {
                    Map<String, String> texts = new LinkedHashMap<>();
                    parser.getHeaderNames().forEach(name -> texts.put(name, row.get(name)));
                    rows.add(texts);
                }
                if (List.of("title", "name").contains(parser.getHeaderNames().get(0))) { // a table of what was found
                    return new Answer(Map.of("status", "ready"), rows);
                }
                return new Answer(rows.get(0), new ArrayList<>()); // else one line of names and one of values
            }
        }
    }

    /** The answer to a call that succeeded. */
    private Answer call(String method, Map<String, String> params) throws LookupFailed, InterruptedException {
        Map<String, String> form = new LinkedHashMap<>(Map.of("login", login, "token", token));
        form.putAll(params);
        String encoded =
                form.entrySet().stream()
                        .map(one -> one.getKey() + "=" + URLEncoder.encode(one.getValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("&"));
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(api + "/" + method))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        // A form keeps the token out of addresses, which are logged on the way.
                        .POST(HttpRequest.BodyPublishers.ofString(encoded))
                        .build();
        HttpResponse<byte[]> response;
        try {
            response = HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray()).get(10, TimeUnit.SECONDS);
        } catch (ExecutionException error) {
            throw new NoAnswer("no answer: " + error.getCause().getClass().getSimpleName());
        } catch (TimeoutException error) {
            throw new NoAnswer("no answer within 10 s");
        }
        Answer answer;
        try {
            answer = Answer.of(response.body(), params.get("format"));
        } catch (Exception error) { // whatever is wrong with it
            answer = new Answer(Map.of(), List.of());
        }
        String status = answer.members.getOrDefault("status", "");
        // An error of the API says so in its body, mostly under HTTP 200: look there first.
        if (status.equals("error")) {
            String code = answer.members.get("error_code");
            throw new Refused("the API refused: " + code + " " + answer.members.get("message"));
        }
        if (response.statusCode() >= 300) {
            throw new NoAnswer("no answer: HTTP " + response.statusCode());
        }
        if (status.isEmpty()) {
            String what = " with a body that is no answer in " + params.get("format");
            throw new NoAnswer("no answer: HTTP " + response.statusCode() + what);
        }
        return answer;
    }

    /** What was found, as a list of rows. */
    List<Map<String, String>> lookUp(String phone, String source, String format)
            throws LookupFailed, InterruptedException {
        // Sent once: a create whose answer is lost may have cost units all the same.
        Answer created = call("create", Map.of("phone", phone, "source", source, "format", format));
        String id = created.members.get("id");
        if (id == null) {
            throw new NoAnswer("no answer: a task without an id");
        }
        Instant end = Instant.now().plus(timeout);
        while (true) {
            Thread.sleep(pause.toMillis());
            LookupFailed problem = new NotReady("task " + id + " is not ready after " + timeout.toSeconds() + " s");
            try {
                Answer answer = call("result", Map.of("id", id, "format", format));
                if ("ready".equals(answer.members.get("status"))) {
                    return answer.rows;
                }
            } catch (NoAnswer lost) { // polls cost nothing: one that fails is sent again
                problem = lost;
            }
            if (Instant.now().isAfter(end)) {
                throw problem;
            }
        }
    }

    private static Duration seconds(String name, String usual) {
        return Duration.ofMillis(Math.round(Double.parseDouble(System.getenv().getOrDefault(name, usual)) * 1000));
    }

    public static void main(String[] args) throws InterruptedException {
        var account = List.of("IFIND_API", "IFIND_LOGIN", "IFIND_TOKEN");
        if (args.length < 2 || account.stream().anyMatch(name -> System.getenv().getOrDefault(name, "").isEmpty())) {
            String usage = "java Client.java PHONE SOURCE [json|xml|csv], with IFIND_API, IFIND_LOGIN and IFIND_TOKEN";
            System.err.println("usage: " + usage);
            System.exit(2);
        }
        Client client =
                new Client(
                        System.getenv("IFIND_API"),
                        System.getenv("IFIND_LOGIN"),
                        System.getenv("IFIND_TOKEN"),
                        seconds("IFIND_PAUSE", "3"),
                        seconds("IFIND_TIMEOUT", "60"));
        try {
            PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
            for (Map<String, String> row : client.lookUp(args[0], args[1], args.length > 2 ? args[2] : "json")) {
                out.println(String.join("\t", row.values()));
            }
        } catch (LookupFailed error) {
            System.err.println("error: " + error.getMessage());
            System.exit(1);
        }
        System.exit(0);
    }
}
