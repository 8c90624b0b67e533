using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Runtime.InteropServices;

namespace CtrPS.Tests;

/// <summary>What is shipped has native code for linux-x64, and besides the IL by which it imports everywhere.</summary>
public sealed class ReadyToRunTests
{
    private const uint Magic = 0x00525452; // "RTR"

    /// <summary>The source is of no platform: then a runtime of another one takes the IL (readytorun-format, READYTORUN_FLAG_PLATFORM_NEUTRAL_SOURCE).</summary>
    private const uint PlatformNeutral = 1;

    private static bool IsRelease =>
#if DEBUG
        false;
#else
        true;
#endif

    [Fact]
    public void Assemblies_have_native_code_and_il()
    {
        bool built = OperatingSystem.IsLinux() && RuntimeInformation.OSArchitecture == Architecture.X64 && IsRelease;
        Assert.SkipUnless(built, "native code is made by Release builds on linux-x64");
        string[] files = Directory.GetFiles(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "*.dll", SearchOption.AllDirectories);

        Assert.Contains(files, file => Path.GetFileName(file) == "CtrPS.dll");
        Assert.Contains(files, file => Path.GetFileName(file) == "Google.Protobuf.dll");
        Assert.All(files, file =>
        {
            using var image = new PEReader(File.OpenRead(file));
            CorHeader header = image.PEHeaders.CorHeader!;
            Assert.True(header.ManagedNativeHeaderDirectory.Size > 0, $"{file} has no native code");
            BlobReader native = image.GetSectionData(header.ManagedNativeHeaderDirectory.RelativeVirtualAddress).GetReader();
            Assert.Equal(Magic, native.ReadUInt32());
            _ = native.ReadUInt32(); // version
            Assert.Equal(PlatformNeutral, native.ReadUInt32() & PlatformNeutral);

            MetadataReader metadata = image.GetMetadataReader();
            Assert.Contains(metadata.MethodDefinitions, handle => metadata.GetMethodDefinition(handle).RelativeVirtualAddress is > 0 and int at
                && image.GetMethodBody(at).GetILBytes()!.Length > 0);
        });
    }
}
