using System.Text.RegularExpressions;
using CtrPS.Tests.Shells;

namespace CtrPS.Tests.Specs;

/// <summary>That both engines gave the same for a line.</summary>
internal static partial class Agreement
{
    public static void Assert(string line, ShellResult standIn, ShellResult pwsh, bool timesMayDiffer)
    {
        string Masked(string? text) => timesMayDiffer ? Times().Replace(text ?? "", "<time>") : text ?? "";
        Equal("objects", Masked(standIn.Json), Masked(pwsh.Json));
        Equal("text", MaskAges(Masked(standIn.Text)), MaskAges(Masked(pwsh.Text)));
        Equal("errors", string.Join('\n', standIn.Errors), string.Join('\n', pwsh.Errors));
        Equal("warnings", string.Join('\n', standIn.Warnings), string.Join('\n', pwsh.Warnings));
        Equal("verbose", string.Join('\n', standIn.Verbose), string.Join('\n', pwsh.Verbose));
        Equal("host", string.Join('\n', standIn.Host), string.Join('\n', pwsh.Host));

        void Equal(string what, string one, string other)
        {
            if (one.ReplaceLineEndings() != other.ReplaceLineEndings())
            {
                Xunit.Assert.Fail($"The engines differ in {what} of: {line}\n--- stand-in\n{one}\n--- pwsh\n{other}");
            }
        }
    }

    /// <summary>Text with all ages alike: the clock goes on between two runs.</summary>
    public static string MaskAges(string text) => Ages().Replace(text, " <age>");

    [GeneratedRegex(@"\d\d\d\d-\d\d-\d\dT[\d:.]+\+00:00|\d\d/\d\d/\d\d\d\d [\d:]+ \+00:00")]
    private static partial Regex Times();

    [GeneratedRegex(@" *\b\d+ (second|minute|hour)s?\b")]
    private static partial Regex Ages();
}
