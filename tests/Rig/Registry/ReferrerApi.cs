using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace CtrPS.Rig.Registry;

/// <summary>
/// What a registry with OCI 1.1's referrers does (distribution-spec, "Listing Referrers"), for one behind that knows nothing of them: it notes the
/// subjects of the manifests that are put, says so, and lists them.
/// </summary>
internal sealed partial class ReferrerApi
{
    private const string IndexType = "application/vnd.oci.image.index.v1+json";

    private readonly Lock _lock = new();
    private readonly Dictionary<string, JsonArray> _lists = new(StringComparer.Ordinal);

    /// <summary>The list that a request asks for. Null: it asks for something else.</summary>
    public HttpResponseMessage? TryList(ServedRequest request)
    {
        if (request.Method != "GET" || ListPath().Match(request.Path) is not { Success: true } match)
        {
            return null;
        }

        lock (_lock)
        {
            var key = match.Groups["repository"].Value + match.Groups["digest"].Value;
            var index = new JsonObject
            {
                ["schemaVersion"] = 2,
                ["mediaType"] = IndexType,
                ["manifests"] = _lists.GetValueOrDefault(key)?.DeepClone() ?? new JsonArray(),
            };
            return new HttpResponseMessage(HttpStatusCode.OK)
            {
                Content = new StringContent(index.ToJsonString(), new MediaTypeHeaderValue(IndexType)),
            };
        }
    }

    /// <summary>Whether a request puts a manifest, so that it is to be looked at.</summary>
    public static bool IsPut(ServedRequest request) => request.Method == "PUT" && ManifestPath().IsMatch(request.Path);

    /// <summary>Notes a manifest that was put, and has the answer say that it did.</summary>
    public void Note(ServedRequest request, byte[] manifest, HttpResponseMessage answer)
    {
        if (!answer.IsSuccessStatusCode || JsonNode.Parse(manifest) is not JsonObject json || (string?)json["subject"]?["digest"] is not { } subject)
        {
            return;
        }

        answer.Headers.TryAddWithoutValidation("OCI-Subject", subject);
        var digest = "sha256:" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(manifest));
        var entry = new JsonObject
        {
            ["mediaType"] = request.ContentType,
            ["digest"] = digest,
            ["size"] = manifest.Length,
            ["artifactType"] = (string?)json["artifactType"] ?? (string?)json["config"]?["mediaType"],
            ["annotations"] = json["annotations"]?.DeepClone(),
        };
        var key = ManifestPath().Match(request.Path).Groups["repository"].Value + subject;
        lock (_lock)
        {
            if (!_lists.TryGetValue(key, out var list))
            {
                _lists[key] = list = [];
            }

            if (!list.Any(one => (string?)one!["digest"] == digest))
            {
                list.Add(entry);
            }
        }
    }

    [GeneratedRegex("^/v2/(?<repository>.+)/referrers/(?<digest>[^/?]+)")]
    private static partial Regex ListPath();

    [GeneratedRegex("^/v2/(?<repository>.+)/manifests/[^/?]+$")]
    private static partial Regex ManifestPath();
}
