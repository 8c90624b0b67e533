using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Archives;

/// <summary>
/// Makes the manifests that docker's archives lack, byte for byte as containerd's importer does (core/images/archive/importer.go, Go's JSON in the
/// order of the fields): so both give an image the same digest.
/// </summary>
internal static class DockerManifest
{
    /// <summary>Go writes media types as they are; the default encoder would write their plus sign as <c>\u002B</c>.</summary>
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The manifest of one image.</summary>
    public static byte[] Build(Descriptor config, IReadOnlyList<Descriptor> layers) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 2);
        json.WriteString("mediaType", MediaTypes.DockerManifest);
        json.WritePropertyName("config");
        WriteDescriptor(json, config);
        json.WriteStartArray("layers");
        foreach (Descriptor layer in layers)
        {
            WriteDescriptor(json, layer);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>The index over all images of an archive.</summary>
    public static byte[] BuildIndex(IEnumerable<Descriptor> manifests) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("schemaVersion", 2);
        json.WriteStartArray("manifests");
        foreach (Descriptor manifest in manifests)
        {
            WriteDescriptor(json, manifest);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    private static byte[] Write(Action<Utf8JsonWriter> document)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Plain))
        {
            document(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteDescriptor(Utf8JsonWriter json, Descriptor descriptor)
    {
        json.WriteStartObject();
        json.WriteString("mediaType", descriptor.MediaType);
        json.WriteString("digest", descriptor.Digest);
        json.WriteNumber("size", descriptor.Size);
        if (descriptor.Annotations.Count > 0)
        {
            json.WriteStartObject("annotations");
            foreach ((string name, string value) in descriptor.Annotations.OrderBy(annotation => annotation.Key, StringComparer.Ordinal))
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        if (descriptor.Platform is { } platform)
        {
            json.WriteStartObject("platform");
            json.WriteString("architecture", platform.Architecture);
            json.WriteString("os", platform.Os);
            WriteOptional(json, "os.version", platform.OsVersion);
            WriteOptional(json, "variant", platform.Variant);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, value);
        }
    }
}
