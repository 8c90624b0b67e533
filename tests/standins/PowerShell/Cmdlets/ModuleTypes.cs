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

/// <summary>A script block, which this stand-in has not: a parameter that takes one can only be left out.</summary>
public sealed class ScriptBlock
{
    private ScriptBlock()
    {
    }
}

/// <summary>The job of an event's action. Never made here: there is no eventing.</summary>
public sealed class PSEventJob
{
    private PSEventJob()
    {
    }
}
