using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;

namespace CtrPS.Commands;

/// <summary>The subscriptions of a runspace, so that they end with the module. Used by its runspace's thread only.</summary>
internal sealed class RegistrationTable
{
    private static readonly ConditionalWeakTable<Runspace, RegistrationTable> Tables = [];

    private readonly List<(CtrEventRegistration Registration, Action Unsubscribe)> _entries = [];

    /// <summary>The table of the runspace that this thread runs.</summary>
    public static RegistrationTable Current => Tables.GetValue(
        Runspace.DefaultRunspace ?? throw new InvalidOperationException("This thread runs no PowerShell."), _ => new RegistrationTable());

    /// <summary>Adds a subscription.</summary>
    /// <param name="registration">The subscription.</param>
    /// <param name="unsubscribe">Takes it out of PowerShell's eventing.</param>
    public void Add(CtrEventRegistration registration, Action unsubscribe)
    {
        _ = _entries.RemoveAll(entry => !entry.Registration.IsSubscribed);
        _entries.Add((registration, unsubscribe));
    }

    /// <summary>Ends all.</summary>
    public void EndAll()
    {
        foreach ((CtrEventRegistration registration, Action unsubscribe) in _entries)
        {
            if (registration.IsSubscribed)
            {
                unsubscribe();
            }

            registration.End();
        }

        _entries.Clear();
    }
}
