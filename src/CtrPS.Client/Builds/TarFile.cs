using CtrPS.Client.Formats;
using CtrPS.Client.Formats.Compression;
using CtrPS.Client.Formats.Tar;

namespace CtrPS.Client.Builds;

/// <summary>
/// A tar of a root file system on this machine, compressed or not. It goes into the layer byte by byte; whether it is one is looked at.
/// </summary>
/// <param name="path">The file.</param>
/// <param name="meter">Counts its bytes.</param>
internal sealed class TarFile(string path, CtrTransferMeter meter)
{
    /// <summary>Writes what it holds.</summary>
    /// <exception cref="CtrException">The <c>CtrArchive...</c>.</exception>
    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        long read = 0;
        FileStream file = Open();
        await using (file.ConfigureAwait(false))
        {
            meter.SetTotal(file.CanSeek ? file.Length : 0);
            byte[] head = new byte[Compressors.MagicLength];
            int there = await file.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            CtrCompression compression = Compressors.Detect(head.AsSpan(0, there));
            var counted = new Passed(new PrefixedStream(head.AsMemory(0, there), file), (bytes, _) =>
            {
                read += bytes.Length;
                meter.AddDone(bytes.Length);
                return ValueTask.CompletedTask;
            });
            Stream plain = Compressors.Decompress(new BufferedStream(counted, 1 << 17), compression);
            await using (plain.ConfigureAwait(false))
            {
                long written = 0;
                var passed = new Passed(plain, async (bytes, token) =>
                {
                    written += bytes.Length;
                    if (Expansion.FaultOf(read, written) is { } fault)
                    {
                        throw Fault(FormatFaultKind.Limit, fault);
                    }

                    await output.WriteAsync(bytes, token).ConfigureAwait(false);
                });
                try
                {
                    await CheckAsync(passed, cancellationToken).ConfigureAwait(false);
                }
                catch (EndOfStreamException e)
                {
                    throw Fault(FormatFaultKind.Truncated, $"its {compression} data ends after {written} bytes of what it holds: {e.Message}", e);
                }
                catch (Exception e) when (e is FormatLimitException or InsufficientMemoryException)
                {
                    throw Fault(FormatFaultKind.Limit, e.Message, e);
                }
                catch (IOException e)
                {
                    throw Fault(FormatFaultKind.Unreadable, e.Message, e);
                }
                catch (InvalidDataException e)
                {
                    throw Fault(FormatFaultKind.Corrupt, $"its {compression} data cannot be read beyond byte {written}: {e.Message}", e);
                }
            }
        }
    }

    private async Task CheckAsync(Passed tar, CancellationToken cancellationToken)
    {
        var scanner = new TarScanner(tar, Fault);
        while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            if (item.Name is "oci-layout" or "./oci-layout" or "manifest.json" or "./manifest.json")
            {
                throw new CtrException(
                    CtrErrorIds.ArchiveUnrecognized,
                    CtrStatus.InvalidArgument,
                    $"'{path}' is no root file system: it has a file '{item.Name}', as an archive of images has.")
                {
                    Target = path,
                    RecommendedAction = "Import-CtrImage brings in the images of an archive.",
                };
            }
        }

        if (!scanner.EndMarked)
        {
            throw Fault(FormatFaultKind.Truncated, "its end mark is missing.");
        }

        byte[] rest = new byte[1 << 16];
        while (await tar.ReadAsync(rest, cancellationToken).ConfigureAwait(false) > 0)
        {
        }
    }

    private FileStream Open()
    {
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Open,
                Access = FileAccess.Read,
                Share = FileShare.ReadWrite,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CtrException(CtrErrorIds.ArchiveUnreadable, CtrStatus.DataLoss, $"'{path}' cannot be read: {e.Message}", e) { Target = path };
        }
    }

    private CtrException Fault(FormatFaultKind kind, string what, Exception? cause = null) => new(
        kind switch
        {
            FormatFaultKind.Unreadable => CtrErrorIds.ArchiveUnreadable,
            FormatFaultKind.Unrecognized => CtrErrorIds.ArchiveUnrecognized,
            FormatFaultKind.Truncated => CtrErrorIds.ArchiveTruncated,
            FormatFaultKind.Limit => CtrErrorIds.ArchiveLimit,
            _ => CtrErrorIds.ArchiveCorrupt,
        },
        CtrStatus.DataLoss,
        $"'{path}' is no tar of a root file system that can be used: {what}",
        cause)
    {
        Target = path,
        RecommendedAction = "Give a folder, or a tar of it, plain or compressed by gzip, zstd, xz or bzip2.",
    };

    /// <summary>Tells what is read through it. Leaves what is below it open.</summary>
    private sealed class Passed(Stream below, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> tell) : ForwardStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await below.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read > 0)
            {
                await tell(buffer[..read], cancellationToken).ConfigureAwait(false);
            }

            return read;
        }
    }
}
