using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Runtime.Loader;
using CtrPS.StandIn.Binding;
using CtrPS.StandIn.Formatting;
using CtrPS.StandIn.Language;
using CtrPS.StandIn.Objects;

namespace CtrPS.StandIn.Modules;

/// <summary>A binary module, imported as its manifest says.</summary>
internal static class Module
{
    /// <returns>The cmdlets that it exports.</returns>
    public static IEnumerable<CommandMetadata> Import(string manifestPath, ViewTable views)
    {
        string path = Path.GetFullPath(manifestPath);
        Hashtable manifest = Parser.DataFile(File.ReadAllText(path));
        string InModule(string name) => Path.Combine(Path.GetDirectoryName(path)!, name);
        Assembly assembly = Load(InModule((string)manifest["RootModule"]!));
        foreach (string file in List(manifest, "TypesToProcess"))
        {
            TypeTable.Current.Read(InModule(file), assembly);
        }

        foreach (string file in List(manifest, "FormatsToProcess"))
        {
            views.Read(InModule(file), assembly);
        }

        foreach (Type initializer in assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IModuleAssemblyInitializer)) && !type.IsAbstract))
        {
            ((IModuleAssemblyInitializer)Activator.CreateInstance(initializer)!).OnImport();
        }

        HashSet<string> exported = [.. List(manifest, "CmdletsToExport")];
        return CommandsOf(assembly).Where(command => exported.Contains(command.Name));
    }

    public static IEnumerable<CommandMetadata> CommandsOf(Assembly assembly) =>
        assembly.GetTypes().Where(type => type.IsDefined(typeof(CmdletAttribute)) && !type.IsAbstract).Select(type => new CommandMetadata(type));

    /// <summary>Into the default context, as PowerShell does it; what lies beside the module's assembly is found there.</summary>
    private static Assembly Load(string path)
    {
        string folder = Path.GetDirectoryName(path)!;
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            Path.Combine(folder, name.Name + ".dll") is var file && File.Exists(file) ? context.LoadFromAssemblyPath(file) : null;
        return AssemblyLoadContext.Default.LoadFromAssemblyPath(path);
    }

    private static IEnumerable<string> List(Hashtable manifest, string key) => manifest[key] is object[] many ? many.Cast<string>() : [];
}
