using System.Runtime.CompilerServices;
using System.Text.Json;

namespace CtrPS.Client.Registry;

/// <summary>
/// Lists that registries give page by page, each with a link to the next (distribution-spec, "Listing Tags"; RFC 8288). A registry cannot keep us
/// for ever: pages, bytes and links that come again are limited, and a link leads to the same host only.
/// </summary>
internal static class RegistryPages
{
    /// <summary>Names on a page, as far as the registry lets us choose.</summary>
    public const int PageSize = 1000;

    private const int MaxPages = 10_000;
    private const long MaxPage = 16 << 20;
    private const long MaxBytes = 128 << 20;

    /// <summary>Reads pages as they are taken: the first from the first host that gives it, the others from the same.</summary>
    /// <param name="hosts">The hosts in the order of asking.</param>
    /// <param name="registry">The registry, for messages.</param>
    /// <param name="wanted">What a host has to be there for.</param>
    /// <param name="request">Makes the request for the first page.</param>
    /// <param name="read">What is on a page.</param>
    /// <param name="options">How registries are spoken to.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        IReadOnlyList<RegistryHost> hosts,
        string registry,
        RegistryCapabilities wanted,
        Func<RegistryHost, RegistryRequest> request,
        Func<JsonElement, IEnumerable<T>> read,
        CtrRegistryOptions options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (Page<T> page, RegistryHost host) = await HostChain.AskAsync(
            hosts,
            registry,
            wanted,
            (one, isLast) => ReadPageAsync(one, request(one), isLast, read, options, cancellationToken)).ConfigureAwait(false);
        RegistryRequest first = request(host);
        var seen = new HashSet<Uri>();
        long bytes = page.Bytes;
        for (int count = 1; ; count++)
        {
            foreach (T item in page.Items)
            {
                yield return item;
            }

            if (page.Next is not { } next)
            {
                yield break;
            }

            if (!seen.Add(next))
            {
                throw RegistryFaults.Broken(first.What, host.Root, "a page of its list leads back to an earlier one.");
            }

            if (count >= MaxPages || bytes > MaxBytes)
            {
                throw RegistryFaults.Broken(first.What, host.Root, $"its list has more than {MaxPages} pages or {MaxBytes >> 20} MiB.");
            }

            RegistryRequest follow = first with { Address = next, Path = "", Query = "" };
            page = await ReadPageAsync(host, follow, isLast: true, read, options, cancellationToken).ConfigureAwait(false);
            bytes += page.Bytes;
        }
    }

    /// <summary>The names in a list of a page. None where it is null, as some registries have it for an empty one.</summary>
    public static IEnumerable<string> Names(JsonElement page, string list) =>
        page.TryGetProperty(list, out JsonElement names) && names.ValueKind != JsonValueKind.Null
            ? names.EnumerateArray().Select(name => name.GetString() ?? throw new FormatException("a name is null"))
            : [];

    /// <summary>Reads the JSON of an answer whole.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.RegistryFailed"/>: it is none, or too large.</exception>
    public static async Task<(T Answer, long Bytes)> ReadJsonAsync<T>(
        RegistryHost host,
        string what,
        HttpResponseMessage response,
        Func<JsonElement, T> read,
        CtrRegistryOptions options,
        CancellationToken cancellationToken)
    {
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(options.StallTimeout);
        try
        {
            byte[] body = await RegistryBody.ReadAllAsync(response, MaxPage, stall.Token).ConfigureAwait(false);
            using var document = JsonDocument.Parse(body);
            return (read(document.RootElement), body.Length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw RegistryFaults.Broken(what, host.Root, $"its answer cannot be read: {e.Message.TrimEnd('.')}.", e);
        }
        catch (Exception e) when (e is IOException or HttpRequestException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw RegistryFaults.Unreachable(what, host.Root, e);
        }
    }

    /// <summary>The address of the next page, in a header Link with the relation next. Null: this is the last.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.RegistryUntrusted"/>: it is of another host.</exception>
    public static Uri? NextOf(RegistryHost host, string what, HttpResponseMessage response)
    {
        Uri here = response.RequestMessage!.RequestUri!;
        foreach (string link in response.Headers.TryGetValues("Link", out IEnumerable<string>? links) ? links.SelectMany(Split) : [])
        {
            int end = link.IndexOf('>', StringComparison.Ordinal);
            if (!link.StartsWith('<') || end < 0 || !IsNext(link[(end + 1)..]))
            {
                continue;
            }

            return !Uri.TryCreate(here, link[1..end], out Uri? next)
                ? throw RegistryFaults.Broken(what, host.Root, $"its list goes on at '{ForeignText.Show(link[1..end])}', which is no address.")
                : Uri.Compare(next, here, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase) != 0
                    || next.UserInfo.Length > 0
                ? throw RegistryFaults.UnsafePlace(host.Root, $"{RegistryFaults.Show(next)}, which is another host, for the next page of a list")
                : next;
        }

        return null;
    }

    private static bool IsNext(string parameters) => parameters.Split(';', StringSplitOptions.TrimEntries).Any(one =>
        one.StartsWith("rel=", StringComparison.OrdinalIgnoreCase)
            && one[4..].Trim('"').Split(' ').Contains("next", StringComparer.OrdinalIgnoreCase));

    /// <summary>The links of a header: a comma parts them, but not one within an address or a quoted text.</summary>
    private static IEnumerable<string> Split(string header)
    {
        int start = 0;
        char? end = null;
        for (int i = 0; i < header.Length; i++)
        {
            end = end is null ? (header[i] switch { '<' => '>', '"' => '"', _ => null }) : header[i] == end ? null : end;
            if (header[i] == ',' && end is null)
            {
                yield return header[start..i].Trim();
                start = i + 1;
            }
        }

        yield return header[start..].Trim();
    }

    private static async Task<Page<T>> ReadPageAsync<T>(
        RegistryHost host,
        RegistryRequest request,
        bool isLast,
        Func<JsonElement, IEnumerable<T>> read,
        CtrRegistryOptions options,
        CancellationToken cancellationToken)
    {
        using HttpResponseMessage response = await RepositoryClient.SendAsync(host, request, isLast, cancellationToken).ConfigureAwait(false);
        (IReadOnlyList<T> items, long bytes) = await ReadJsonAsync<IReadOnlyList<T>>(
            host, request.What, response, page => [.. read(page)], options, cancellationToken).ConfigureAwait(false);
        return new Page<T>(items, bytes, NextOf(host, request.What, response));
    }

    /// <summary>A page.</summary>
    /// <param name="Items">What is on it.</param>
    /// <param name="Bytes">How large it was.</param>
    /// <param name="Next">Where the list goes on. Null: it does not.</param>
    private sealed record Page<T>(IReadOnlyList<T> Items, long Bytes, Uri? Next);
}
