import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import software.amazon.awssdk.awscore.exception.AwsServiceException;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.protocols.jsoncore.JsonNode;
import software.amazon.awssdk.protocols.jsoncore.JsonWriter;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.sts.StsClient;
import software.amazon.awssdk.services.sts.model.GetCallerIdentityResponse;

/** The AWS SDK for Java 2 with its default chain. Serves foundation/client-protocol.ts on standard input and output. */
final class Client {
    private static final Optional<URI> S3_ENDPOINT = endpoint("S3");
    private static final Optional<URI> STS_ENDPOINT = endpoint("STS");

    private final S3Client s3 = S3Client.builder()
            // With a custom endpoint, put the bucket in the path: the endpoint may be an address without subdomains.
            .forcePathStyle(S3_ENDPOINT.isPresent())
            .applyMutation(builder -> S3_ENDPOINT.ifPresent(builder::endpointOverride))
            .build();
    private final StsClient sts = StsClient.builder()
            .applyMutation(builder -> STS_ENDPOINT.ifPresent(builder::endpointOverride))
            .build();

    public static void main(String[] arguments) throws Exception {
        Client client = new Client();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            JsonNode request = JsonNode.parser().parse(line);
            Map<String, Object> answer = new LinkedHashMap<>();
            answer.put("id", request.field("id").map(Client::number).orElseThrow());
            answer.putAll(client.answerAll(request));
            System.out.println("client-answer " + json(answer));
        }
        System.exit(0);
    }

    /** Performs concurrent operations and returns their first error, or else their first answer. */
    private Map<String, Object> answerAll(JsonNode request) throws Exception {
        int count = request.field("atOnce").map(Client::number).orElse(1L).intValue();
        JsonNode operation = request.field("operation").orElseThrow();
        ExecutorService threads = Executors.newFixedThreadPool(count);
        List<Callable<Map<String, Object>>> tasks = new ArrayList<>();
        for (int task = 0; task < count; task++) {
            tasks.add(() -> answer(operation));
        }
        List<Map<String, Object>> answers = new ArrayList<>();
        for (var done : threads.invokeAll(tasks)) {
            answers.add(done.get());
        }
        threads.shutdown();
        return answers.stream().filter(each -> each.containsKey("error")).findFirst().orElse(answers.get(0));
    }

    private Map<String, Object> answer(JsonNode operation) {
        String service = operation.field("bucket").isPresent() ? "s3" : "sts";
        try {
            return perform(operation);
        } catch (AwsServiceException error) {
            return Map.of("error", failureOf(service, error));
        } catch (Exception error) {
            return Map.of("error", Map.of("code", error.getClass().getSimpleName(), "message", String.valueOf(error.getMessage())));
        }
    }

    private Map<String, Object> perform(JsonNode operation) throws Exception {
        String name = operation.field("do").orElseThrow().asString();
        if (operation.field("through").isPresent() || operation.field("tags").isPresent()) {
            throw new UnsupportedOperationException("this client does not support roles and tags");
        }
        if (name.equals("GetCallerIdentity")) {
            GetCallerIdentityResponse who = sts.getCallerIdentity();
            Map<String, Object> identity = Map.of("arn", who.arn(), "account", who.account());
            return Map.of("identity", identity, "requestId", who.responseMetadata().requestId());
        }
        String bucket = operation.field("bucket").orElseThrow().asString();
        String key = operation.field("key").orElseThrow().asString();
        if (name.equals("GetObject")) {
            try (ResponseInputStream<GetObjectResponse> object = s3.getObject(request -> request.bucket(bucket).key(key))) {
                long bytes = object.readAllBytes().length;
                String requestId = object.response().responseMetadata().requestId();
                return Map.of("facts", Map.of("bytes", bytes), "requestId", requestId);
            }
        }
        if (name.equals("PutObject")) {
            RequestBody body = RequestBody.fromString("written by a probe");
            String requestId = s3.putObject(request -> request.bucket(bucket).key(key), body).responseMetadata().requestId();
            return Map.of("facts", Map.of(), "requestId", requestId);
        }
        throw new UnsupportedOperationException("this client does not support " + name);
    }

    /** Converts a service's error. Errors of the chain's STS calls are exceptions of STS. */
    private static Map<String, Object> failureOf(String service, AwsServiceException error) {
        boolean isOfSts = error.getClass().getPackageName().startsWith("software.amazon.awssdk.services.sts");
        Map<String, Object> failure = new LinkedHashMap<>();
        failure.put("service", isOfSts ? "sts" : service);
        failure.put("status", (long) error.statusCode());
        var details = Optional.ofNullable(error.awsErrorDetails());
        failure.put("code", details.map(each -> each.errorCode()).orElse(String.valueOf(error.statusCode())));
        failure.put("message", details.map(each -> each.errorMessage()).orElse(error.getMessage()));
        if (error.requestId() != null) {
            failure.put("requestId", error.requestId());
        }
        return failure;
    }

    private static Optional<URI> endpoint(String service) {
        Map<String, String> environment = System.getenv();
        String common = environment.get("AWS_ENDPOINT_URL");
        return Optional.ofNullable(environment.getOrDefault("AWS_ENDPOINT_URL_" + service, common)).map(URI::create);
    }

    private static long number(JsonNode node) {
        return Long.parseLong(node.asNumber());
    }

    private static String json(Map<String, Object> answer) {
        JsonWriter writer = JsonWriter.create();
        write(writer, answer);
        return new String(writer.getBytes(), StandardCharsets.UTF_8);
    }

    private static void write(JsonWriter writer, Object value) {
        if (value instanceof Map<?, ?> members) {
            writer.writeStartObject();
            members.forEach((name, member) -> {
                writer.writeFieldName((String) name);
                write(writer, member);
            });
            writer.writeEndObject();
        } else if (value instanceof Long number) {
            writer.writeValue(number);
        } else {
            writer.writeValue((String) value);
        }
    }
}
