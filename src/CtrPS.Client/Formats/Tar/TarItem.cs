namespace CtrPS.Client.Formats.Tar;

/// <summary>What an entry of a tar is, as far as it matters to an image archive.</summary>
internal enum TarItemKind
{
    File,
    SymbolicLink,
    HardLink,

    /// <summary>A folder, a device, a comment: nothing that could hold a blob.</summary>
    Other,
}

/// <param name="Name">As it stands in the tar.</param>
/// <param name="Kind">What it is.</param>
/// <param name="LinkName">Where a link points to; empty for others.</param>
/// <param name="Offset">Where its bytes begin in the tar.</param>
/// <param name="Size">Bytes.</param>
internal readonly record struct TarItem(string Name, TarItemKind Kind, string LinkName, long Offset, long Size);
