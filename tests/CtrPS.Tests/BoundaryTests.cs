using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace CtrPS.Tests;

/// <summary>The border between the cmdlets and the assembly that is loaded apart with everything third-party.</summary>
public sealed class BoundaryTests
{
    [Fact]
    public void Cmdlets_reach_the_client_through_the_connector_alone()
    {
        string assembly = Path.Combine(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "CtrPS.dll");
        using var file = new PEReader(File.OpenRead(assembly));
        MetadataReader reader = file.GetMetadataReader();
        IEnumerable<string> used = reader.TypeReferences
            .Select(reader.GetTypeReference)
            .Where(type => type.ResolutionScope.Kind == HandleKind.AssemblyReference)
            .Where(type => Text(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name) == "CtrPS.Client")
            .Select(type => $"{Text(type.Namespace)}.{Text(type.Name)}");
        Assert.Equal(["CtrPS.Client.Connector"], used);

        string Text(StringHandle handle) => reader.GetString(handle);
    }
}
