using System.Management.Automation;
using System.Reflection;
using System.Xml.Linq;

namespace CtrPS.StandIn.Objects;

/// <summary>What types files add to types: code properties. Sets of properties (PSStandardMembers) have no effect here.</summary>
internal sealed class TypeTable
{
    private readonly Dictionary<string, List<(string Name, MethodInfo Getter)>> _codeProperties = [];

    /// <summary>The one of the process: types are the process's too.</summary>
    public static TypeTable Current { get; } = new();

    public IEnumerable<PSPropertyInfo> CodeProperties(PSObject owner) =>
        _codeProperties.TryGetValue(owner.BaseObject.GetType().FullName ?? "", out var properties)
        ? properties.Select(property => new PSPropertyInfo(property.Name, () => property.Getter.Invoke(null, [owner]), isExtended: true))
        : [];

    public void Read(string path, Assembly assembly)
    {
        foreach (XElement type in XDocument.Load(path).Root!.Elements("Type"))
        {
            List<(string Name, MethodInfo Getter)> properties = [];
            foreach (XElement member in type.Element("Members")!.Elements())
            {
                if (member.Name.LocalName == "CodeProperty")
                {
                    XElement getter = member.Element("GetCodeReference")!;
                    MethodInfo method = StaticMethods.Find(assembly, getter.Element("TypeName")!.Value, getter.Element("MethodName")!.Value);
                    properties.Add((member.Element("Name")!.Value, method));
                }
                else if (member.Name.LocalName != "MemberSet")
                {
                    throw new StandInException($"a {member.Name.LocalName} in a types file");
                }
            }

            _codeProperties[type.Element("Name")!.Value] = properties;
        }
    }
}
