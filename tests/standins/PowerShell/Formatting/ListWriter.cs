using System.Management.Automation;

namespace CtrPS.StandIn.Formatting;

/// <summary>Writes an object as a list of its properties.</summary>
internal static class ListWriter
{
    private const string Separator = " : ";

    public static IEnumerable<string> Lines(IReadOnlyList<Field> fields, PSObject value, int line)
    {
        Field[] shown = [.. fields.Where(field => field.Applies is null || LanguagePrimitives.IsTrue(field.Applies(value)))];
        int labels = shown.Max(field => field.Label.Length);
        string indent = new(' ', labels + Separator.Length);
        foreach (Field field in shown)
        {
            string start = field.Label.PadRight(labels) + Separator;
            string[] texts = DisplayText.Of(field.Value(value), isTable: false).ReplaceLineEndings("\n").Split('\n');
            foreach (string part in texts.SelectMany(text => Wrap(text, line - indent.Length)))
            {
                yield return start + part;
                start = indent;
            }
        }
    }

    private static IEnumerable<string> Wrap(string text, int width) => text.Length == 0 ? [""] : text.Chunk(width).Select(part => new string(part));
}
