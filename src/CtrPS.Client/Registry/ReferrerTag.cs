using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Oci;

namespace CtrPS.Client.Registry;

/// <summary>
/// The tag by which clients keep the list of what refers to a manifest, where the registry does not keep it (distribution-spec, "Referrers Tag
/// Schema", "Pushing Manifests with Subject"): an index, to which each client adds what it pushed and leaves in what others did.
/// </summary>
/// <param name="repository">The repository.</param>
/// <param name="host">The host that takes uploads.</param>
internal sealed class ReferrerTag(RepositoryClient repository, RegistryHost host)
{
    /// <summary>
    /// Nobody can lock the tag: who finds that another client's list took the place of ours adds it again. What takes its place later is not seen.
    /// </summary>
    private const int MaxTries = 5;

    /// <summary>Longest algorithm and hash in a tag, by the specification.</summary>
    private const int MaxAlgorithm = 32;
    private const int MaxHash = 64;

    private readonly string _scope = $"repository:{repository.Reference.Repository}:pull,push";

    /// <summary>The tag for a manifest: <c>sha256-hex</c>.</summary>
    public static string Of(string digest)
    {
        int colon = digest.IndexOf(':', StringComparison.Ordinal);
        string hash = digest[(colon + 1)..];
        return $"{digest[..Math.Min(colon, MaxAlgorithm)]}-{hash[..Math.Min(hash.Length, MaxHash)]}";
    }

    /// <summary>Whether the registry itself says what refers to a manifest.</summary>
    public async Task<bool> IsKeptByRegistryAsync(string subject, CancellationToken cancellationToken)
    {
        RegistryRequest request = Request(HttpMethod.Get, $"referrers/{subject}");
        using HttpResponseMessage response = await host.SendAsync(request, isLast: true, cancellationToken).ConfigureAwait(false);
        return response.IsSuccessStatusCode && IsIndex(response);
    }

    /// <summary>Adds to the list of what refers to a manifest.</summary>
    /// <param name="subject">The manifest's digest.</param>
    /// <param name="referrers">What is there of late, as their entries in an index.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The bytes that were sent; 0 where all were in the list.</returns>
    /// <exception cref="CtrException">The registry's faults; <see cref="CtrErrorIds.RegistryFailed"/>: the tag stands for something else.</exception>
    public async Task<long> AddAsync(string subject, IReadOnlyList<JsonObject> referrers, CancellationToken cancellationToken)
    {
        // Several images of one call may go to the same list.
        await host.ListGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await MergeAsync(subject, referrers, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _ = host.ListGate.Release();
        }
    }

    /// <summary>A manifest as its entry in the list: what it is, and its annotations, so that nobody needs to read it to know.</summary>
    public static JsonObject EntryOf(Descriptor descriptor, ReadOnlyMemory<byte> manifest)
    {
        var entry = new JsonObject { ["mediaType"] = descriptor.MediaType, ["digest"] = descriptor.Digest, ["size"] = descriptor.Size };
        using var document = JsonDocument.Parse(manifest);
        JsonElement root = document.RootElement;
        string type = ManifestText.Of(root, "artifactType");
        if (type.Length == 0 && root.TryGetProperty("config", out JsonElement config))
        {
            type = ManifestText.Of(config, "mediaType");
        }

        if (type.Length > 0)
        {
            entry["artifactType"] = type;
        }

        IReadOnlyDictionary<string, string> annotations = ManifestText.MapOf(root, "annotations");
        if (annotations.Count > 0)
        {
            entry["annotations"] = new JsonObject(annotations.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value)));
        }

        return entry;
    }

    private static bool IsIndex(HttpResponseMessage response) => response.Content.Headers.ContentType?.MediaType == MediaTypes.OciIndex;

    private RegistryRequest Request(HttpMethod method, string path, string accept = MediaTypes.OciIndex) => new()
    {
        Method = method,
        Path = $"{repository.Reference.Repository}/{path}",
        Scopes = [_scope],
        Accept = accept,
        What = $"list of what refers to the {repository.What}",
    };

    private async Task<long> MergeAsync(string subject, IReadOnlyList<JsonObject> referrers, CancellationToken cancellationToken)
    {
        long sent = 0;
        for (int i = 0; ; i++)
        {
            JsonObject index = await ReadAsync(subject, cancellationToken).ConfigureAwait(false);
            JsonArray entries = index["manifests"]!.AsArray();
            HashSet<string?> there = [.. entries.Select(entry => (string?)entry!["digest"])];
            JsonObject[] absent = [.. referrers.Where(one => !there.Contains((string?)one["digest"]))];
            if (absent.Length == 0)
            {
                return sent;
            }

            if (i == MaxTries)
            {
                throw RegistryFaults.Broken(
                    $"list of what refers to '{subject}'", host.Root, $"it does not hold what was put into it {MaxTries} times.");
            }

            foreach (JsonObject one in absent)
            {
                entries.Add(one.DeepClone());
            }

            try
            {
                sent += await WriteAsync(subject, index, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId is CtrErrorIds.RegistryFailed or CtrErrorIds.RemoteImageNotFound)
            {
                // Most registries take no index that names what they do not have: who removed a referrer may have left it in the list.
                if (await DropGoneAsync(entries, cancellationToken).ConfigureAwait(false) == 0)
                {
                    throw;
                }

                sent += await WriteAsync(subject, index, cancellationToken).ConfigureAwait(false);
            }

            await Task.Delay(i == 0 ? 0 : Random.Shared.Next(50, 300), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The list as it is; an empty one where there is none.</summary>
    private async Task<JsonObject> ReadAsync(string subject, CancellationToken cancellationToken)
    {
        // Any kind: what is no index must not look as if nothing were there.
        RegistryRequest request = Request(HttpMethod.Get, $"manifests/{Of(subject)}", RepositoryClient.ManifestTypes);
        using HttpResponseMessage response = await host.SendAsync(request, isLast: true, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.NotFound)
        {
            return new JsonObject { ["schemaVersion"] = 2, ["mediaType"] = MediaTypes.OciIndex, ["manifests"] = new JsonArray() };
        }

        if (!response.IsSuccessStatusCode)
        {
            throw await RegistryFaults.AnsweredAsync(request.What, host.Root, response, cancellationToken).ConfigureAwait(false);
        }

        string isNone = $"its tag '{Of(subject)}' stands for something that is no list of referrers.";
        if (!IsIndex(response))
        {
            throw RegistryFaults.Broken(request.What, host.Root, isNone);
        }

        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(repository.Options.StallTimeout);
        try
        {
            byte[] body = await RegistryBody.ReadAllAsync(response, ManifestDocument.MaxSize, stall.Token).ConfigureAwait(false);
            return JsonNode.Parse(body) is JsonObject index && index["manifests"] is JsonArray entries
                && entries.All(entry => entry is JsonObject one && one["digest"] is JsonValue digest && digest.TryGetValue(out string? _))
                ? index
                : throw RegistryFaults.Broken(request.What, host.Root, isNone);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw RegistryFaults.Broken(request.What, host.Root, isNone, e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw RegistryFaults.Unreachable(request.What, host.Root, e);
        }
    }

    /// <summary>Takes out of a list what the repository does not have any more.</summary>
    /// <returns>How many were taken out.</returns>
    private async Task<int> DropGoneAsync(JsonArray entries, CancellationToken cancellationToken)
    {
        int dropped = 0;
        foreach (JsonNode? entry in entries.ToList())
        {
            string digest = (string)entry!["digest"]!;
            Digests.Require(digest);
            RegistryRequest request = Request(HttpMethod.Head, $"manifests/{digest}", RepositoryClient.ManifestTypes);
            using HttpResponseMessage response = await host.SendAsync(request, isLast: true, cancellationToken).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.NotFound)
            {
                _ = entries.Remove(entry);
                dropped++;
            }
        }

        return dropped;
    }

    private async Task<long> WriteAsync(string subject, JsonObject index, CancellationToken cancellationToken)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(index.ToJsonString());
        if (bytes.Length > ManifestDocument.MaxSize)
        {
            throw new CtrException(
                CtrErrorIds.ImageTooLarge,
                CtrStatus.ResourceExhausted,
                $"The list of what refers to '{subject}' at {RegistryFaults.Show(host.Root)} would have {bytes.Length} bytes, more than "
                    + $"{ManifestDocument.MaxSize}.")
            {
                Target = subject,
                RecommendedAction = "Remove what refers to it and is of no use any more with Remove-CtrRemoteImage.",
            };
        }

        RegistryRequest request = Request(HttpMethod.Put, $"manifests/{Of(subject)}") with
        {
            Content = () => new ByteArrayContent(bytes) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypes.OciIndex) } },
        };
        using HttpResponseMessage response = await RepositoryClient.SendAsync(host, request, isLast: true, cancellationToken).ConfigureAwait(false);
        return bytes.Length;
    }
}
