using CtrPS.Client;

namespace CtrPS.Completion;

/// <summary>Completes registries with a login that a file names; helpers are not asked.</summary>
public sealed class LoginCompleter : NameCompleter
{
    /// <inheritdoc/>
    protected override IEnumerable<CtrCandidate> Names => Connector.Logins.Names().Select(name => new CtrCandidate(name, $"login at {name}"));
}
