using System.Globalization;
using System.IO.Compression;
using CtrPS.Client.Posix;
using Microsoft.Win32.SafeHandles;

namespace CtrPS.Client.Logs;

/// <summary>A file of a log: the one that is written, or an older part of it.</summary>
/// <param name="Path">The file.</param>
/// <param name="IsCompressed">Whether it is gzipped.</param>
internal sealed record LogFile(string Path, bool IsCompressed)
{
    private const int BlockSize = 64 << 10;
    private const string Compressed = ".gz";

    /// <summary>A single file.</summary>
    public static LogFile Of(string path) => new(path, path.EndsWith(Compressed, StringComparison.Ordinal));

    /// <summary>
    /// The older parts of a log, oldest first: <c>path.20060102-150405</c> (kubelet), <c>path.1</c> (nerdctl), and the same with <c>.gz</c>. Those
    /// that were not written to since a time are left out.
    /// </summary>
    /// <param name="path">The file that is written.</param>
    /// <param name="current">The file that is open under that path: it may be rotated at this moment.</param>
    /// <param name="since">The time. Null: all.</param>
    public static IEnumerable<LogFile> Rotated(string path, FileIdentity? current, DateTimeOffset? since)
    {
        string folder = System.IO.Path.GetDirectoryName(path) ?? "/";
        string name = System.IO.Path.GetFileName(path) + ".";
        if (!Directory.Exists(folder))
        {
            return [];
        }

        // While a file is being compressed, both forms are there for a moment; of the two the plain one is whole.
        return from file in new DirectoryInfo(folder).EnumerateFiles().Where(file => file.Name.StartsWith(name, StringComparison.Ordinal))
               let suffix = file.Name[name.Length..]
               let part = suffix.EndsWith(Compressed, StringComparison.Ordinal) ? suffix[..^Compressed.Length] : suffix
               where part.Length > 0
                   && part.All(c => char.IsAsciiDigit(c) || c == '-')
                   && (since is null || file.LastWriteTimeUtc >= since.Value.UtcDateTime)
                   && (current is null || FileIdentity.Of(file.FullName) != current)
               group Of(file.FullName) by part into forms
               orderby Age(forms.Key), forms.Key
               select forms.MinBy(form => form.IsCompressed);
    }

    /// <summary>Opens the file for reading; whoever writes it, renames it or removes it is not held up.</summary>
    public Stream Open()
    {
        var file = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        return IsCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    /// <summary>Where the last lines of a plain file begin.</summary>
    /// <param name="file">The file.</param>
    /// <param name="lines">How many lines. 0: after the last end of a line.</param>
    /// <returns>The offset, and how many of the lines are there.</returns>
    public static (long Offset, int Lines) FindTail(SafeFileHandle file, int lines)
    {
        byte[] block = new byte[BlockSize];
        long length = RandomAccess.GetLength(file);
        long end = length;
        int found = 0;
        while (end > 0)
        {
            long begin = Math.Max(0, end - BlockSize);
            int read = Fill(file, block.AsSpan(0, (int)(end - begin)), begin);
            for (int i = read - 1; i >= 0; i--)
            {
                if (block[i] != (byte)'\n')
                {
                    continue;
                }

                // The last byte's line end closes the last line, and does not begin another; a last line without an end counts as a line.
                bool isLast = begin + i == length - 1;
                if (lines == 0 || (!isLast && ++found == lines))
                {
                    return (begin + i + 1, found);
                }
            }

            end = begin;
        }

        return (0, length > 0 ? found + 1 : 0);
    }

    /// <summary>How many lines the file has.</summary>
    public async Task<int> CountAsync(CancellationToken cancellationToken)
    {
        Stream file = Open();
        await using (file.ConfigureAwait(false))
        {
            byte[] block = new byte[BlockSize];
            int lines = 0;
            int read;
            while ((read = await file.ReadAsync(block, cancellationToken).ConfigureAwait(false)) > 0)
            {
                lines += block.AsSpan(0, read).Count((byte)'\n');
            }

            return lines;
        }
    }

    private static int Fill(SafeFileHandle file, Span<byte> block, long offset)
    {
        int filled = 0;
        int read;
        while (filled < block.Length && (read = RandomAccess.Read(file, block[filled..], offset + filled)) > 0)
        {
            filled += read;
        }

        return filled;
    }

    /// <summary>nerdctl counts from the newest, the kubelet gives times.</summary>
    private static long Age(string part) =>
        int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && part.Length < 8 ? -number : 0;
}
