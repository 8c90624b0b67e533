using System.Management.Automation;
using CtrPS.Commands;
using CtrPS.Sessions;

namespace CtrPS.Loading;

/// <summary>Runs when the module comes into a runspace or leaves it. PowerShell needs it public.</summary>
public sealed class ModuleInitializer : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <summary>Once a runspace. Does no I/O: the first cmdlet connects.</summary>
    public void OnImport()
    {
        ClientLoadContext.Register();

        // A type literal such as [CtrPS.CtrImage] resolves only once its assembly is loaded.
        GC.KeepAlive(typeof(CtrImage));
    }

    /// <summary>
    /// On Remove-Module and Import-Module -Force, not when the runspace goes: ends the runspace's subscriptions and closes its sessions.
    /// </summary>
    public void OnRemove(PSModuleInfo psModuleInfo)
    {
        RegistrationTable.Current.EndAll();
        SessionTable.Current.CloseAll();
    }
}
