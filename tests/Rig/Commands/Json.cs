using System.Text.Encodings.Web;
using System.Text.Json;

namespace CtrPS.Rig.Commands;

internal static class Json
{
    private static readonly JsonSerializerOptions Camel = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // for terminals and files, never for a web page
    };

    /// <summary>One object on one line of standard output.</summary>
    public static async Task WriteLineAsync(object value)
    {
        await Console.Out.WriteLineAsync(JsonSerializer.Serialize(value, Camel));
        await Console.Out.FlushAsync();
    }
}
