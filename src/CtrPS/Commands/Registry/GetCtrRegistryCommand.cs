using System.Management.Automation;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrRegistry: who is logged in where.</summary>
[Cmdlet(VerbsCommon.Get, "CtrRegistry")]
[OutputType(typeof(CtrRegistryLogin))]
public sealed class GetCtrRegistryCommand : CtrCmdlet
{
    private IReadOnlyList<CtrRegistryLogin>? _logins;

    /// <summary>Registries. Wildcards. Default: all with a login.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Registries. Wildcards are allowed. Default: all with a login.")]
    [ArgumentCompleter(typeof(LoginCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Registry { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (string given in Registry)
        {
            Guard(given, () =>
            {
                _logins ??= Await(Connector.Logins.ListAsync);
                bool isPattern = WildcardPattern.ContainsWildcardCharacters(given);
                string name = isPattern || _logins.Any(one => one.Registry == given) ? given : Connector.Logins.RegistryOf(given);
                CtrRegistryLogin[] found = isPattern
                    ? [.. _logins.Where(one => WildcardPattern.Get(given, WildcardOptions.IgnoreCase).IsMatch(one.Registry))]
                    : [.. _logins.Where(one => string.Equals(one.Registry, name, StringComparison.OrdinalIgnoreCase))];
                if (found.Length == 0 && !isPattern)
                {
                    throw LoginWords.NotFound(name, _logins.Select(one => one.Registry));
                }

                WriteObject(found, enumerateCollection: true);
            });
        }
    }
}
