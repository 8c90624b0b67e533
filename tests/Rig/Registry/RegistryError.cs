using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace CtrPS.Rig.Registry;

/// <summary>The body of an error (distribution-spec, error codes).</summary>
internal static class RegistryError
{
    public static string ToJson(string code, string message) => JsonSerializer.Serialize(Body(code, message));

    public static HttpResponseMessage Answer(HttpStatusCode status, string code, string message) =>
        new(status) { Content = JsonContent.Create(Body(code, message)) };

    private static object Body(string code, string message) => new { errors = new[] { new { code, message } } };
}
