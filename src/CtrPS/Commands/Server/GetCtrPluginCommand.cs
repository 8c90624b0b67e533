using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Get-CtrPlugin: the daemon's plugins and how they came up.</summary>
[Cmdlet(VerbsCommon.Get, "CtrPlugin")]
[OutputType(typeof(CtrPlugin))]
public sealed class GetCtrPluginCommand : CtrSessionCmdlet
{
    /// <summary>Names, such as overlayfs. Wildcards.</summary>
    [Parameter(
        Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true,
        HelpMessage = "Names of plugins, such as overlayfs. Wildcards are allowed.")]
    [Alias("Name")]
    [PluginIdentityTransformation]
    [ArgumentCompleter(typeof(PluginCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public CtrPluginIdentity[]? Id { get; set; }

    /// <summary>Kinds, such as io.containerd.snapshotter.v1. Wildcards.</summary>
    [Parameter(HelpMessage = "Kinds of plugins, such as io.containerd.snapshotter.v1. Wildcards are allowed.")]
    [ArgumentCompleter(typeof(PluginTypeCompleter))]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[]? Type { get; set; }

    /// <summary>How they came up.</summary>
    [Parameter(HelpMessage = "How the plugins came up.")]
    public CtrPluginStatus[]? Status { get; set; }

    /// <summary>containerd's own filters.</summary>
    [Parameter(HelpMessage = "Filters in containerd's own language, such as 'type==io.containerd.snapshotter.v1'.")]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = [];

    /// <inheritdoc/>
    private protected override void OnRecord()
    {
        if (Id is null)
        {
            Guard(null, () => List(null, TargetSession));
            return;
        }

        foreach (CtrPluginIdentity wanted in Id)
        {
            Guard(wanted, () => List(wanted, SessionOf(wanted.Session, $"Plugin '{wanted.Id}'")));
        }
    }

    private void List(CtrPluginIdentity? wanted, CtrSession session)
    {
        ICtrConnection connection = Connect(session);
        int found = 0;
        foreach (CtrPlugin plugin in Await(token => connection.Server.ListPluginsAsync(Filter, token)).Where(plugin => Fits(plugin, wanted)))
        {
            found++;
            plugin.Session = session;
            WriteObject(plugin);
        }

        if (found == 0 && wanted is not null && !WildcardPattern.ContainsWildcardCharacters(wanted.Id))
        {
            string that = Type is null && wanted.Type is null && Status is null && Filter.Length == 0 ? "" : " that matches";
            throw new CtrException(CtrErrorIds.NotFound, CtrStatus.NotFound, $"There is no plugin '{wanted.Id}'{that} at '{session.Address}'.")
            {
                Target = wanted.Id,
                RecommendedAction = "List all plugins with Get-CtrPlugin.",
            };
        }
    }

    private bool Fits(CtrPlugin plugin, CtrPluginIdentity? wanted) =>
        (wanted is null || Matches([wanted.Id], plugin.Id))
            && (wanted?.Type is null || wanted.Type == plugin.Type)
            && Matches(Type, plugin.Type)
            && (Status is null || Status.Contains(plugin.Status));

    private static bool Matches(string[]? patterns, string text) =>
        patterns is null || patterns.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(text));
}
