namespace CtrPS.Commands;

/// <summary>What the parameters about registries are, for the cmdlets of several bases that have them.</summary>
internal static class RegistryWords
{
    public const string OneSession = "-Credential is for one registry, and the images of each may be of another";
    public const string Credential = "User and password for the registry. Default: what docker's and podman's files and helpers know.";
    public const string PlainHttp = "Speak http, not https, where no hosts.toml says otherwise.";
    public const string SkipCertificateCheck = "Take any certificate, where no hosts.toml says otherwise.";
    public const string CaCertificate = "A file with certificates of authorities to trust beside the system's (PEM).";
    public const string ClientCertificate = "A file with a certificate to identify by (PEM); its key is in there too, or in -ClientKey.";
    public const string ClientKey = "The file with the key of -ClientCertificate (PEM).";
    public const string HostsDirectory = "Folders with a folder for each registry (hosts.toml). Default: the usual ones of containerd.";
    public const string TrustedRealm = "Hosts of token services that may see the credentials though they are of another domain than the registry.";
    public const string MaximumRetryCount = "How often a request is made again that failed in a way that may pass.";
    public const string RetryIntervalSec = "Seconds before the first of these; each further wait is about twice as long.";
    public const string StallTimeout = "Seconds that a blob may bring no byte, before its connection is made anew.";

    /// <summary>For -WhatIf: how many referrers move with an image. Empty: none.</summary>
    public static string Referrers(int count) => count switch
    {
        0 => "",
        1 => ", and 1 thing that refers to it",
        _ => $", and {count} things that refer to it",
    };
}
