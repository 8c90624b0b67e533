using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace CtrPS.Tests;

/// <summary>What is shipped has native code for linux-x64, and IL alone beside it for every other platform, which loads no other.</summary>
public sealed class ReadyToRunTests
{
    private static readonly string Module = Path.GetDirectoryName(ModuleUnderTest.Manifest)!;

    private static bool IsRelease =>
#if DEBUG
        false;
#else
        true;
#endif

    [Fact]
    public void Assemblies_for_every_platform_have_il_alone()
    {
        string[] files = [.. Directory.GetFiles(Module, "*.dll"), .. Directory.GetFiles(Path.Combine(Module, "lib"), "*.dll")];

        Assert.Contains(files, file => Path.GetFileName(file) == "CtrPS.dll");
        Assert.All(files, file =>
        {
            using var image = new PEReader(File.OpenRead(file));
            Assert.Equal(Machine.I386, image.PEHeaders.CoffHeader.Machine); // any processor
            Assert.Equal(0, image.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
        });
    }

    [Fact]
    public void Each_assembly_of_the_client_is_there_with_native_code()
    {
        bool built = OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64 && IsRelease;
        Assert.SkipUnless(built, "native code is made by Release builds on linux-x64");

        Assert.All(Directory.GetFiles(Path.Combine(Module, "lib"), "*.dll"), file =>
        {
            using var plain = new PEReader(File.OpenRead(file));
            using var native = new PEReader(File.OpenRead(Path.Combine(Module, "lib", "linux-x64", Path.GetFileName(file))));
            Assert.NotEqual(0, native.PEHeaders.CorHeader!.ManagedNativeHeaderDirectory.Size);
            Assert.Equal(Mvid(plain), Mvid(native)); // made of this very assembly
        });
    }

    private static Guid Mvid(PEReader image)
    {
        MetadataReader metadata = image.GetMetadataReader();
        return metadata.GetGuid(metadata.GetModuleDefinition().Mvid);
    }
}
