using System.Management.Automation;

namespace CtrPS.Binding;

/// <summary>
/// Lets a parameter of type <see cref="CtrImageIdentity"/> take what comes back from Import-Clixml, ConvertFrom-Json or a CSV: an object with
/// the properties Name, Namespace and Address. The type's own constructors take names and live objects.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ImageIdentityTransformationAttribute : IdentityTransformationAttribute
{
    private static readonly string[] PlatformParts = [nameof(CtrPlatform.Os), nameof(CtrPlatform.Architecture), nameof(CtrPlatform.Variant)];

    /// <summary>A namespace object means all its images. For cmdlets that only look.</summary>
    public bool AllOfNamespace { get; set; }

    /// <inheritdoc/>
    protected override object? FromObject(object value) => value switch
    {
        CtrImage image => new CtrImageIdentity(image),
        CtrImageFile file => new CtrImageIdentity(file, null),
        CtrReceivedImage received => new CtrImageIdentity(received.Name, received),
        CtrConvertedImage converted => new CtrImageIdentity(converted.Name, converted),
        CtrEvent { Payload: CtrImagePayload, Image: { } name } told => new CtrImageIdentity(name, told),
        CtrNamespace all when AllOfNamespace => new CtrImageIdentity(all),
        _ => null,
    };

    /// <inheritdoc/>
    protected override object? FromRecord(PSObject record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (FileOf(record) is { } file)
        {
            return new CtrImageIdentity(file, SessionOf(record));
        }

        return record.Properties["Name"]?.Value?.ToString() is { Length: > 0 } name
            ? new CtrImageIdentity(name, record.Properties["Namespace"]?.Value?.ToString(), SessionOf(record))
            : null;
    }

    /// <summary>The file that a record tells of, by the properties that none but those of files have. Null where it tells of none.</summary>
    private static CtrImageFile? FileOf(PSObject record)
    {
        return Text(nameof(CtrImageFile.Image)) is { } image
            && Text(nameof(CtrImageFile.Path)) is { } path
            && Text(nameof(CtrImageFile.Layer)) is { } layer
            && Text(nameof(CtrImageFile.UnixMode)) is not null
            ? new CtrImageFile
            {
                Image = image,
                Namespace = Text(nameof(CtrImageFile.Namespace))!,
                Path = path,
                Layer = layer,
                Platform = PlatformOf(record.Properties[nameof(CtrImageFile.Platform)]?.Value),
                State = Enum.TryParse(Text(nameof(CtrImageFile.State)), out CtrFileState state) ? state : CtrFileState.Visible,
            }
            : null;

        string? Text(string property) => record.Properties[property]?.Value?.ToString() is { Length: > 0 } text ? text : null;
    }

    /// <summary>A platform that came back as its text, or as an object with its parts.</summary>
    private static CtrPlatform? PlatformOf(object? value)
    {
        string? text = value is PSObject { BaseObject: PSCustomObject } parts && parts.Properties[PlatformParts[0]] is not null
            ? string.Join('/', PlatformParts.Select(part => parts.Properties[part]?.Value?.ToString())
                .Where(part => !string.IsNullOrEmpty(part)))
            : value?.ToString();
        return string.IsNullOrEmpty(text) ? null : CtrPlatform.Parse(text);
    }
}
