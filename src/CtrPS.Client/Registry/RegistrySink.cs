using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using CtrPS.Client.Oci;
using Polly;

namespace CtrPS.Client.Registry;

/// <summary>
/// One repository that blobs are put into. A blob that another repository of the registry has is mounted; the others go whole in one request, as
/// uploads in parts are broken at several registries. The registry proves what it is given.
/// </summary>
/// <param name="repository">The repository.</param>
/// <param name="root">The manifest or index that the tag is to point to. Null: there is none.</param>
/// <param name="mountable">Repositories of the registry that a blob was fetched from or sent to before.</param>
internal sealed class RegistrySink(RepositoryClient repository, ImageNode? root, Func<string, IEnumerable<string>> mountable) : IBlobSink
{
    private const string SubjectHeader = "OCI-Subject";

    private readonly RegistryHost _host = repository.PushHost;
    private readonly ResiliencePipeline _retries = RegistryRetry.OfWork(repository.Options);
    private readonly ResiliencePipeline _manifestRetries = RegistryRetry.OfManifests(repository.Options);
    private readonly string _scope = $"repository:{repository.Reference.Repository}:pull,push";
    private readonly ConcurrentDictionary<string, bool> _noted = new(StringComparer.Ordinal);
    private long _sent;

    public RegistryHost Host => _host;

    /// <summary>Bytes that went over the wire.</summary>
    public long BytesSent => Interlocked.Read(ref _sent);

    /// <summary>
    /// Whether a manifest was put, and the registry said that it lists it under its subject itself (distribution-spec, "Pushing Manifests with
    /// Subject"). Null: it was not put, as it was there.
    /// </summary>
    public bool? IsListed(string digest) => _noted.TryGetValue(digest, out bool noted) ? noted : null;

    public async ValueTask<bool> HasAsync(ImageNode blob, CancellationToken cancellationToken)
    {
        string path = blob.IsDocument ? $"manifests/{NameOf(blob)}" : $"blobs/{blob.Descriptor.Digest}";
        RegistryRequest request = Request(HttpMethod.Head, path, blob) with
        {
            Accept = blob.IsDocument ? $"{blob.Descriptor.MediaType}, */*" : null,
        };
        using HttpResponseMessage response = await _host.SendAsync(request, isLast: true, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            // The tag may stand for another image.
            return !ReferenceEquals(blob, root) || (response.Headers.TryGetValues(RepositoryClient.DigestHeader, out IEnumerable<string>? digests)
                && digests.Contains(blob.Descriptor.Digest));
        }

        return response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.BadRequest
            or HttpStatusCode.NotImplemented
            ? false // not there, or a registry that knows no HEAD
            : throw await RegistryFaults.AnsweredAsync(request.What, _host.Root, response, cancellationToken).ConfigureAwait(false);
    }

    public async Task<BlobOutcome> TakeAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        if (blob.IsDocument)
        {
            await PutManifestAsync(blob, open, cancellationToken).ConfigureAwait(false);
            meter.AddDone(blob.Descriptor.Size);
            return BlobOutcome.Written;
        }

        return await _retries.ExecuteAsync(async token => await UploadAsync(blob, open, meter, token).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
    }

    private string NameOf(ImageNode document) =>
        ReferenceEquals(document, root) && repository.Reference.Tag is { } tag ? tag : document.Descriptor.Digest;

    private RegistryRequest Request(HttpMethod method, string path, ImageNode blob) => new()
    {
        Method = method,
        Path = $"{repository.Reference.Repository}/{path}",
        Scopes = [_scope],
        What = $"{(blob.IsDocument ? "manifest" : "blob")} '{blob.Descriptor.Digest}' of {repository.What}",
    };

    private async Task PutManifestAsync(ImageNode blob, OpenBlob open, CancellationToken cancellationToken)
    {
        var bytes = new MemoryStream();
        Stream content = await open(0, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            await content.CopyToAsync(bytes, cancellationToken).ConfigureAwait(false);
        }

        RegistryRequest request = Request(HttpMethod.Put, $"manifests/{NameOf(blob)}", blob) with
        {
            Content = () => new ByteArrayContent(bytes.ToArray())
            {
                Headers = { ContentType = MediaTypeHeaderValue.Parse(blob.Descriptor.MediaType) },
            },
        };
        using HttpResponseMessage response = await _manifestRetries.ExecuteAsync(
            async token => await RepositoryClient.SendAsync(_host, request, isLast: true, token).ConfigureAwait(false), cancellationToken)
            .ConfigureAwait(false);
        _ = Interlocked.Add(ref _sent, bytes.Length);
        string own = blob.Descriptor.Digest;
        _noted[own] = response.Headers.Contains(SubjectHeader);
        if (response.Headers.TryGetValues(RepositoryClient.DigestHeader, out IEnumerable<string>? digests)
            && digests.FirstOrDefault() is { } told && told != own && Digests.AlgorithmOf(told) == Digests.AlgorithmOf(own))
        {
            throw RegistryFaults.Broken(request.What, _host.Root, $"it was stored as {ForeignText.Show(told)}.");
        }
    }

    private async Task<BlobOutcome> UploadAsync(ImageNode blob, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Descriptor descriptor = blob.Descriptor;
        Uri? upload = null;
        if (From(descriptor.Digest) is { } other)
        {
            RegistryRequest mount = Request(HttpMethod.Post, "blobs/uploads/", blob) with
            {
                Query = $"mount={Uri.EscapeDataString(descriptor.Digest)}&from={Uri.EscapeDataString(other)}",
                Scopes = [_scope, $"repository:{other}:pull"],
            };
            try
            {
                using HttpResponseMessage answer = await _host.SendAsync(mount, isLast: true, cancellationToken).ConfigureAwait(false);
                if (answer.StatusCode == HttpStatusCode.Created)
                {
                    meter.AddDone(descriptor.Size);
                    return BlobOutcome.Linked;
                }

                upload = answer.StatusCode == HttpStatusCode.Accepted ? LocationOf(mount, answer) : null;
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.RegistryDenied)
            {
                // The other repository is not ours to read: the bytes go.
            }
        }

        if (upload is null)
        {
            RegistryRequest begin = Request(HttpMethod.Post, "blobs/uploads/", blob);
            using HttpResponseMessage answer = await RepositoryClient.SendAsync(_host, begin, isLast: true, cancellationToken).ConfigureAwait(false);
            upload = LocationOf(begin, answer);
        }

        await PutAsync(blob, upload, open, meter, cancellationToken).ConfigureAwait(false);
        return BlobOutcome.Written;
    }

    private async Task PutAsync(ImageNode blob, Uri upload, OpenBlob open, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        Descriptor descriptor = blob.Descriptor;
        long counted = 0;
        Stream content = await open(0, cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            RegistryRequest request = Request(HttpMethod.Put, "", blob) with
            {
                Address = new UriBuilder(upload)
                {
                    Query = string.Join('&', new[] { upload.Query.TrimStart('?'), "digest=" + Uri.EscapeDataString(descriptor.Digest) }
                        .Where(part => part.Length > 0)),
                }.Uri,
                Content = () => new UploadContent(content, descriptor.Size, repository.Options.StallTimeout, read =>
                {
                    counted += read;
                    meter.AddDone(read);
                })
                {
                    Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") },
                },
            };
            try
            {
                // Not tried again by itself: an upload that broke off is to be begun anew.
                using HttpResponseMessage response =
                    await RepositoryClient.SendAsync(_host, request, isLast: false, cancellationToken).ConfigureAwait(false);
                _ = Interlocked.Add(ref _sent, counted);
            }
            catch
            {
                meter.AddDone(-counted);
                throw;
            }
        }
    }

    /// <summary>The repository of the registry that has a blob for sure, as near to ours as there is one.</summary>
    private string? From(string digest) => mountable(digest)
        .Where(other => other != repository.Reference.Repository)
        .MaxBy(other => repository.Reference.Repository.Split('/').Zip(other.Split('/')).TakeWhile(pair => pair.First == pair.Second).Count());

    private Uri LocationOf(RegistryRequest request, HttpResponseMessage response)
    {
        Uri location = response.Headers.Location
            ?? throw RegistryFaults.Broken(request.What, _host.Root, "its answer does not say where to upload to.");
        Uri from = response.RequestMessage!.RequestUri!;
        return _host.Safe(new Uri(from, location), from);
    }
}
