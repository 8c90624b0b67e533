using System.Collections;
using System.Globalization;
using CtrPS.StandIn.Objects;

namespace System.Management.Automation;

/// <summary>What an object without a .NET type of its own is based on.</summary>
public sealed class PSCustomObject
{
    internal static readonly PSCustomObject Instance = new();

    private PSCustomObject()
    {
    }
}

/// <summary>An object as PowerShell sees it: with the properties that types files and Select-Object add.</summary>
public sealed class PSObject
{
    private readonly List<PSPropertyInfo> _notes = [];

    public PSObject()
        : this(PSCustomObject.Instance)
    {
    }

    public PSObject(object obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        BaseObject = obj is PSObject { BaseObject: { } inner } ? inner : obj;
    }

    public object BaseObject { get; }

    public PSMemberInfoCollection<PSPropertyInfo> Properties => new PSObjectProperties(this, _notes);

    public static PSObject AsPSObject(object obj) => obj as PSObject ?? new PSObject(obj);

    /// <summary>As PowerShell turns objects into text: elements with a blank between them, numbers as they are everywhere.</summary>
    public override string ToString() => BaseObject switch
    {
        PSCustomObject => "@{" + string.Join("; ", _notes.Select(note => $"{note.Name}={Text(note.Value)}")) + "}",
        IDictionary table => table.GetType().ToString(),
        IEnumerable many and not string => string.Join(" ", many.Cast<object?>().Select(Text)),
        double number => number.ToString("G15", CultureInfo.InvariantCulture),
        IFormattable number when number is not (DateTime or DateTimeOffset) => number.ToString(null, CultureInfo.InvariantCulture),
        _ => BaseObject.ToString() ?? "",
    };

    /// <summary>The object behind a wrapper; a custom object stays what it is.</summary>
    internal static object? Unwrap(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;

    internal static string Text(object? value) => value is null ? "" : AsPSObject(value).ToString();

    internal void Add(string name, object? value) => _notes.Add(new PSPropertyInfo(name, () => value, isExtended: true));
}
