using System.Collections;

namespace System.Management.Automation;

public abstract class PSMemberInfo
{
    public abstract string Name { get; }

    public abstract object? Value { get; }
}

/// <summary>A property: of the .NET type, added by a types file, or made by Select-Object. The last two are extended.</summary>
public sealed class PSPropertyInfo : PSMemberInfo
{
    private readonly Func<object?> _value;

    internal PSPropertyInfo(string name, Func<object?> value, bool isExtended) => (Name, _value, IsExtended) = (name, value, isExtended);

    public override string Name { get; }

    public override object? Value => _value();

    internal bool IsExtended { get; }
}

/// <summary>The members of an object, by name without regard to case.</summary>
public abstract class PSMemberInfoCollection<T> : IEnumerable<T>
    where T : PSMemberInfo
{
    public abstract T? this[string name] { get; }

    public abstract IEnumerator<T> GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
