using System.Globalization;
using System.Management.Automation;
using System.Text;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="Encoding"/> take PowerShell's names of encodings, those of the web, and numbers of code pages.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class EncodingTransformationAttribute : ArgumentTransformationAttribute
{
    /// <summary>PowerShell's own names. None writes a byte order mark: a process would read it as text.</summary>
    internal static readonly IReadOnlyDictionary<string, Encoding> Names = new Dictionary<string, Encoding>(StringComparer.OrdinalIgnoreCase)
    {
        ["utf8"] = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        ["utf8NoBOM"] = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
        ["ascii"] = Encoding.ASCII,
        ["latin1"] = Encoding.Latin1,
        ["unicode"] = new UnicodeEncoding(bigEndian: false, byteOrderMark: false),
        ["bigendianunicode"] = new UnicodeEncoding(bigEndian: true, byteOrderMark: false),
        ["utf32"] = new UTF32Encoding(bigEndian: false, byteOrderMark: false),
    };

    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        object? value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        try
        {
            return value switch
            {
                string name when Names.TryGetValue(name, out Encoding? known) => known,
                string name when int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int page) => Encoding.GetEncoding(page),
                string name => Encoding.GetEncoding(name),
                int page => Encoding.GetEncoding(page),
                _ => inputData,
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new ArgumentTransformationMetadataException(
                $"'{value}' is not an encoding. Give {string.Join(", ", Names.Keys)}, a name such as iso-8859-15, or the number of a code page.", e);
        }
    }
}
