using System.Text;

namespace CtrPS.Files;

/// <summary>The bytes of one blob on their way to the user: as a text, or into a stream.</summary>
/// <param name="Digest">The blob.</param>
/// <param name="Where">Where it is, in words: <c>namespace 'k8s.io'</c>.</param>
/// <param name="Size">Bytes that come.</param>
/// <param name="OpenAsync">Opens them; what is wrong with them comes out at their end.</param>
internal sealed record BlobBytes(string Digest, string Where, long Size, Func<CancellationToken, Task<Stream>> OpenAsync)
{
    /// <summary>Manifests, configs and the like have far less; a layer is no text.</summary>
    private const int MaxText = 64 << 20;

    private const int ChunkSize = 1 << 20;

    /// <summary>Copies the bytes.</summary>
    public async Task CopyAsync(Stream output, CtrTransferMeter? meter, CancellationToken cancellationToken)
    {
        Stream bytes = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (bytes.ConfigureAwait(false))
        {
            byte[] buffer = GC.AllocateUninitializedArray<byte>(ChunkSize);
            for (int read; (read = await bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                meter?.AddDone(read);
            }
        }
    }

    /// <summary>Writes a file.</summary>
    /// <param name="path">From <see cref="NewFile.Resolve"/>.</param>
    /// <param name="force">Replace a file that is there.</param>
    /// <param name="meter">Counts the bytes.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public async Task<FileInfo> SaveAsync(string path, bool force, CtrTransferMeter meter, CancellationToken cancellationToken)
    {
        meter.SetTotal(Size);
        NewFile file = NewFile.Create(path, Size, checksum: false, force);
        await using (file.ConfigureAwait(false))
        {
            return await file.WriteAsync(output => CopyAsync(output, meter, cancellationToken)).ConfigureAwait(false);
        }
    }

    /// <summary>Reads the bytes as a text of UTF-8.</summary>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.ContentNotText"/>.</exception>
    public async Task<string> ReadTextAsync(CancellationToken cancellationToken)
    {
        if (Size > MaxText)
        {
            throw NotText($"has {Size} bytes, and as text at most {MaxText} are given");
        }

        var content = new MemoryStream((int)Size);
        await CopyAsync(content, null, cancellationToken).ConfigureAwait(false);
        ReadOnlySpan<byte> bytes = content.GetBuffer().AsSpan(0, (int)content.Length);
        try
        {
            return bytes.Contains((byte)0)
                ? throw NotText("has bytes that no text has")
                : new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw NotText("is no text of UTF-8", e);
        }
    }

    /// <summary>The error for a blob that is to go into a file which has one already.</summary>
    /// <param name="cmdlet">Whose name the way out begins with.</param>
    public CtrException NoRoom(string cmdlet) => new(
        CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, $"The blob '{Digest}' was not written: a file holds one blob.")
    {
        Target = Digest,
        RecommendedAction = $"Write each into a file of its own: ForEach-Object {{ $_ | {cmdlet} -Path \"$($_.Digest -replace ':', '-').bin\" }}.",
    };

    private CtrException NotText(string why, Exception? cause = null) => new(
        CtrErrorIds.ContentNotText, CtrStatus.InvalidArgument, $"The blob '{Digest}' in {Where} {why}.", cause)
    {
        Target = Digest,
        RecommendedAction = "Take its bytes with -AsByteStream, or write it to a file with -Path.",
    };
}
