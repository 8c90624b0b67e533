using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using CtrPS.Loading;

namespace CtrPS.Tests;

/// <summary>The built module. Its assemblies are not copied to the tests: all of them run the shipped ones.</summary>
internal static class ModuleUnderTest
{
    public static string Manifest { get; } =
        typeof(ModuleUnderTest).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Module").Value!;

    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "the first test may name a type of the module")]
    internal static void Resolve() => AssemblyLoadContext.Default.Resolving += static (context, name) =>
        name.Name is "CtrPS" or "CtrPS.Core"
        ? context.LoadFromAssemblyPath(Path.Combine(Path.GetDirectoryName(Manifest)!, name.Name + ".dll"))
        : null;
}
