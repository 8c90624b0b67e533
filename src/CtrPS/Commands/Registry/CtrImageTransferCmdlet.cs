using System.Management.Automation;
using CtrPS.Binding;
using CtrPS.Client;
using CtrPS.Completion;

namespace CtrPS.Commands;

/// <summary>Base of the cmdlets that move images between a containerd and registries: how the registries are spoken to.</summary>
public abstract class CtrImageTransferCmdlet : CtrSessionCmdlet
{
    private ICtrRegistries? _registries;

    /// <summary>User and password for the registry. Default: what docker's and podman's files and helpers know.</summary>
    [Parameter(HelpMessage = "User and password for the registry. Default: what docker's and podman's files and helpers know.")]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>Speak http, not https, where no hosts.toml says otherwise.</summary>
    [Parameter(HelpMessage = "Speak http, not https, where no hosts.toml says otherwise.")]
    public SwitchParameter PlainHttp { get; set; }

    /// <summary>Take any certificate, where no hosts.toml says otherwise.</summary>
    [Parameter(HelpMessage = "Take any certificate, where no hosts.toml says otherwise.")]
    public SwitchParameter SkipCertificateCheck { get; set; }

    /// <summary>A file with certificates of authorities to trust beside the system's (PEM).</summary>
    [Parameter(HelpMessage = "A file with certificates of authorities to trust beside the system's (PEM).")]
    [ValidateNotNullOrEmpty]
    public string? CaCertificate { get; set; }

    /// <summary>A file with a certificate to identify by (PEM); its key is in there too, or in -ClientKey.</summary>
    [Parameter(HelpMessage = "A file with a certificate to identify by (PEM); its key is in there too, or in -ClientKey.")]
    [ValidateNotNullOrEmpty]
    public string? ClientCertificate { get; set; }

    /// <summary>The file with the key of -ClientCertificate.</summary>
    [Parameter(HelpMessage = "The file with the key of -ClientCertificate (PEM).")]
    [ValidateNotNullOrEmpty]
    public string? ClientKey { get; set; }

    /// <summary>Folders with a folder for each registry, as containerd's config_path has them. Default: the usual ones.</summary>
    [Parameter(HelpMessage = "Folders with a folder for each registry (hosts.toml). Default: the usual ones of containerd.")]
    [ValidateNotNullOrEmpty]
    public string[]? HostsDirectory { get; set; }

    /// <summary>Hosts of token services that may see the credentials though they are of another domain than the registry.</summary>
    [Parameter(HelpMessage = "Hosts of token services that may see the credentials though they are of another domain than the registry.")]
    [ValidateNotNullOrEmpty]
    public string[] TrustedRealm { get; set; } = [];

    /// <summary>How often a request is made again that failed in a way that may pass.</summary>
    [Parameter(HelpMessage = "How often a request is made again that failed in a way that may pass.")]
    [ValidateRange(0, 100)]
    public int MaximumRetryCount { get; set; } = 4;

    /// <summary>Seconds before the first of these; each further wait is about twice as long.</summary>
    [Parameter(HelpMessage = "Seconds before the first of these; each further wait is about twice as long.")]
    [ValidateRange(0.0, 3600.0)]
    public double RetryIntervalSec { get; set; } = 1;

    /// <summary>Seconds that a blob may bring no byte.</summary>
    [Parameter(HelpMessage = "Seconds that a blob may bring no byte, before its connection is made anew.")]
    [ValidateRange(0.1, 86400.0)]
    public double StallTimeout { get; set; } = 30;

    /// <summary>The namespace. Default: the session's.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The namespace.")]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>The registries, opened once.</summary>
    private protected ICtrRegistries Registries => _registries ??= Connector.OpenRegistries(Options);

    /// <summary>How they are spoken to.</summary>
    private protected virtual CtrRegistryOptions Options => new()
    {
        HostsFolders = HostsDirectory is null ? null : [.. HostsDirectory.Select(folder => ProviderPath.Resolve(this, folder))],
        PlainHttp = PlainHttp,
        SkipCertificateCheck = SkipCertificateCheck,
        Authority = CaCertificate is null ? null : ProviderPath.Resolve(this, CaCertificate),
        ClientCertificate = ClientCertificate is null
            ? null
            : (ProviderPath.Resolve(this, ClientCertificate), ClientKey is null ? null : ProviderPath.Resolve(this, ClientKey)),
        Credential = Credential?.GetNetworkCredential(),
        TrustedRealms = TrustedRealm,
        MaximumRetryCount = MaximumRetryCount,
        RetryInterval = TimeSpan.FromSeconds(RetryIntervalSec),
        StallTimeout = TimeSpan.FromSeconds(StallTimeout),
    };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _registries?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>
    /// Does work for several images side by side, with a bar for each and one for all, and goes on with the results on the pipeline's thread in the
    /// order of the images.
    /// </summary>
    private protected void ForEachMoved<TItem, TResult>(
        string activity,
        IReadOnlyList<TItem> items,
        int width,
        Func<TItem, string> name,
        Func<TItem, CtrTransferMeter, CancellationToken, Task<TResult>> work,
        Action<TItem, TResult> done)
    {
        foreach ((TItem item, Task<TResult> result) in PullTransfer(
            activity, (meter, token) => OrderedParallel.SelectAsync(items, width, (item, stop) => OutcomeAsync(item, meter, stop), token)))
        {
            Guard(name(item), () => done(item, result.GetAwaiter().GetResult()));
        }

        async Task<(TItem Item, Task<TResult> Result)> OutcomeAsync(TItem item, CtrTransferMeter meter, CancellationToken cancellationToken)
        {
            CtrTransferMeter part = meter.Part(name(item));
            Task<TResult> result = BeginAsync();
            await ((Task)result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            part.End();
            return (item, result);

            async Task<TResult> BeginAsync() => await work(item, part, cancellationToken).ConfigureAwait(false); // whatever it throws at once, too
        }
    }
}
