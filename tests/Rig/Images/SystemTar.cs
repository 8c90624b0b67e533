using System.Formats.Tar;
using System.Security.Cryptography;

namespace CtrPS.Rig.Images;

/// <summary>Layers out of the tars of whole systems, of which one has all that the other has and more.</summary>
internal static class SystemTar
{
    /// <summary>Writes as a layer what a system has beside, or otherwise than, the one below it.</summary>
    public static async Task WriteLayerAsync(string system, string? below, string layer, CancellationToken cancellationToken)
    {
        HashSet<string> known = below is null ? [] : await FingerprintsAsync(below, cancellationToken);
        await using var reader = new TarReader(File.OpenRead(system));
        await using var writer = new TarWriter(File.Create(layer));
        while (await reader.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
        {
            if (!known.Contains(await FingerprintAsync(entry, cancellationToken)))
            {
                // A GNU entry has no extended attributes: access lists are bytes there, which .NET reads as text and spoils.
                var plain = new GnuTarEntry(entry) { Name = WithoutDot(entry.Name) };
                if (plain.EntryType == TarEntryType.HardLink)
                {
                    plain.LinkName = WithoutDot(plain.LinkName);
                }

                await writer.WriteEntryAsync(plain, cancellationToken);
            }
        }
    }

    private static async Task<HashSet<string>> FingerprintsAsync(string system, CancellationToken cancellationToken)
    {
        var all = new HashSet<string>();
        await using var reader = new TarReader(File.OpenRead(system));
        while (await reader.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
        {
            all.Add(await FingerprintAsync(entry, cancellationToken));
        }

        return all;
    }

    private static async Task<string> FingerprintAsync(TarEntry entry, CancellationToken cancellationToken)
    {
        var hash = "";
        if (entry.DataStream is { } data)
        {
            hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(data, cancellationToken));
            data.Position = 0;
        }

        return $"{entry.Name}\n{entry.EntryType} {entry.Uid} {entry.Gid} {entry.Mode} {entry.ModificationTime:O} {entry.LinkName} {hash}";
    }

    private static string WithoutDot(string name) => name.StartsWith("./", StringComparison.Ordinal) && name.Length > 2 ? name[2..] : name;
}
