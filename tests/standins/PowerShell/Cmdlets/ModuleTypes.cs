namespace System.Management.Automation;

/// <summary>Runs when a module's assembly is imported.</summary>
public interface IModuleAssemblyInitializer
{
    void OnImport();
}

/// <summary>Runs when a module is removed.</summary>
public interface IModuleAssemblyCleanup
{
    void OnRemove(PSModuleInfo psModuleInfo);
}

/// <summary>A module, by its name.</summary>
public sealed class PSModuleInfo
{
    internal PSModuleInfo(string name) => Name = name;

    public string Name { get; }
}
