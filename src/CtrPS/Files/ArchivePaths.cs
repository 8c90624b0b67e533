using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Output;

namespace CtrPS.Files;

/// <summary>What the cmdlets that read archives are given as paths.</summary>
internal static class ArchivePaths
{
    /// <summary>Stands for bytes that came in the place of a path; no path can be so.</summary>
    public const string Bytes = "\0";

    private const string StandardInput = "-";

    /// <summary>The archives that a path means. What is no path but an archive's own bytes ends the cmdlet.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.ArchiveNotFound"/>; <see cref="CtrErrorIds.InvalidArgument"/> for a path that is no file system's.
    /// </exception>
    public static IReadOnlyList<string> Find(PSCmdlet cmdlet, string given, bool literal)
    {
        if (cmdlet.MyInvocation.ExpectingInput && IsContent(given))
        {
            cmdlet.ThrowTerminatingError(ErrorFactory.From(NotContent(cmdlet.MyInvocation.MyCommand.Name), null));
        }

        try
        {
            return ProviderPath.Existing(cmdlet, given, literal);
        }
        catch (CtrException e) when (given == StandardInput && e.ErrorId == CtrErrorIds.ArchiveNotFound)
        {
            string way = WayOf(cmdlet.MyInvocation.MyCommand.Name);
            throw new CtrException(e.ErrorId, e.Status, e.Message, e) { Target = given, RecommendedAction = way };
        }
    }

    /// <summary>
    /// Whether a path is what PowerShell makes of a program's bytes: text, with a mark for each byte that is none. A tar has zeros in its first line,
    /// and each of the compressions something that is no text; but bzip2's first line may end behind its mark (BZh, its size, and the digits of pi),
    /// once in some hundred archives.
    /// </summary>
    private static bool IsContent(string given) => given.Any(one => one == '\uFFFD' || (char.IsControl(one) && !char.IsWhiteSpace(one)))
        || given is ['B', 'Z', 'h', >= '1' and <= '9', '1', 'A', 'Y', '&', 'S', 'Y', ..];

    private static CtrException NotContent(string cmdlet) => new(
        CtrErrorIds.InvalidArgument,
        CtrStatus.InvalidArgument,
        $"{cmdlet} takes paths from the pipeline, and what came is the content of a file: on its way into a cmdlet PowerShell makes text of it, "
            + "and what it was is lost.")
    {
        RecommendedAction = WayOf(cmdlet),
    };

    private static string WayOf(string cmdlet) =>
        $"Name the file: {cmdlet} x.tar. Write what a program or another machine sends into a file first. A script's own standard input, where that "
            + $"is a file, has a name too: pwsh -Command '{cmdlet} /dev/stdin' < x.tar. From a pipe PowerShell itself reads it, as text.";
}
