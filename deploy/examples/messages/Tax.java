import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A service on the JVM, with nothing but the JDK: java Tax.java. It answers role:tax,cmd:add by asking role:math,cmd:sum, wherever
 * that may be: to serve is to answer a POST of JSON, and to call is to send one to the router.
 */
public class Tax {
  static final String ROUTER = System.getenv().getOrDefault("APPIA_URL", "http://appia:10101/act");
  static final HttpClient client = HttpClient.newHttpClient();

  public static void main(String[] args) throws IOException {
    int port = Integer.parseInt(System.getenv().getOrDefault("PORT", "10101"));
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
    server.createContext("/", Tax::answer);
    server.setExecutor(Executors.newCachedThreadPool());
    server.start();
  }

  static void answer(HttpExchange exchange) throws IOException {
    String message = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    int status = 200;
    String reply;
    try {
      double net = number(message, "net");
      String sum = act("{\"role\":\"math\",\"cmd\":\"sum\",\"left\":" + net + ",\"right\":" + net * 0.23 + "}");
      reply = "{\"total\":" + number(sum, "answer") + ",\"by\":\"jvm\"}";
    } catch (Exception e) { // an error has a message, and meta$ by which newer callers know it for one
      status = 500;
      reply = "{\"code\":\"tax_failed\",\"message\":\"" + String.valueOf(e.getMessage()).replaceAll("[\\\\\"\\p{Cntrl}]", "'") + "\",\"meta$\":{\"error\":true}}";
    }
    byte[] bytes = reply.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  static String act(String message) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(ROUTER)).version(HttpClient.Version.HTTP_1_1)
        .header("Content-Type", "application/json").POST(HttpRequest.BodyPublishers.ofString(message)).build();
    HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) throw new IOException(response.body());
    return response.body();
  }

  /** Enough of JSON for this example. */
  static double number(String json, String key) throws IOException {
    Matcher m = Pattern.compile("\"" + key + "\"\\s*:\\s*(-?[0-9.eE+-]+)").matcher(json);
    if (!m.find()) throw new IOException("the message has no " + key);
    return Double.parseDouble(m.group(1));
  }
}
