using System.Management.Automation;
using System.Reflection;

namespace CtrPS.StandIn.Objects;

/// <summary>The properties of an object: those of its .NET type in the order of its declaration, then added ones.</summary>
internal sealed class PSObjectProperties(PSObject owner, IReadOnlyList<PSPropertyInfo> notes) : PSMemberInfoCollection<PSPropertyInfo>
{
    public override PSPropertyInfo? this[string name] =>
        this.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase));

    public override IEnumerator<PSPropertyInfo> GetEnumerator()
    {
        IEnumerable<PSPropertyInfo> own = owner.BaseObject is PSCustomObject
            ? []
            : owner.BaseObject.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Where(property => property.CanRead && property.GetIndexParameters().Length == 0)
                .Select(property => new PSPropertyInfo(property.Name, () => property.GetValue(owner.BaseObject), isExtended: false));
        return own.Concat(notes).Concat(TypeTable.Current.CodeProperties(owner)).GetEnumerator();
    }
}
